"""Authentication: the principal behind an API key or an access token."""
