"""Projects: the list of them, and making one."""
