"""Players: the people behind the names and addresses of commits."""
