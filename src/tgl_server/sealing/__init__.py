"""Sealed secrets: what the database may hold, and only the keys of `SECRETS_KEYS` open."""
