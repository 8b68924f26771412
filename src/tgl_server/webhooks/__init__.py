"""Webhooks in: forges tell of a push, and the server pulls or notes that it is behind."""
