"""Reading the audit log, for commissioners: in pages, or as a file."""
