"""Users: who they are, their role, and whether they were approved."""
