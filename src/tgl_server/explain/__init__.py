"""Where a commit is, or why it may not be in a repository."""
