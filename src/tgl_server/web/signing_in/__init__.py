"""Signing in and out, registration, and the page of an account that waits for approval."""
