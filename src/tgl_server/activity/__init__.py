"""Sums of commits: per repository and day or week, and per author and day or in all."""
