"""Logins of machines that somebody approves in a browser elsewhere (RFC 8628)."""
