"""Access: what a caller may do with a project or a repository."""
