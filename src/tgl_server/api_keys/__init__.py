"""API keys: made once, shown once, kept as a hash."""
