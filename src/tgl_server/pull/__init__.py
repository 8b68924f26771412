"""Pulling repositories: the server fetches them by itself."""
