"""TheGitLeague server: receives commit metadata over HTTP and keeps it in PostgreSQL."""
