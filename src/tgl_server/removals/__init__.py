"""Removals: taking all commits of a repository away, or those that no recorded branch tip reaches."""
