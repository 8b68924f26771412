"""API keys: made and shown once, stored as a hash."""
