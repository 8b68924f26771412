"""Credentials of remotes: stored sealed, never shown again, and opened only to fetch with them."""
