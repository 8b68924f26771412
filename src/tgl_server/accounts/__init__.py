"""Accounts: users with role and state, and their sessions."""
