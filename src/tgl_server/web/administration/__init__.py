"""Administration, for commissioners: people, the audit log, the system."""
