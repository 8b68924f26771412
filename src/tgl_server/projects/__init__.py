"""Projects, their members and their repositories."""
