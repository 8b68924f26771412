"""Verification: checks that the stored data is consistent, and repairs of what is not."""
