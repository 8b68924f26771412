"""Backups of the embedded database: one file each, taken while the server runs, checked when written and when restored.

`docs/decisions/backups.md` gives the reasons. Whoever has a PostgreSQL of their own backs it up with its own means.
"""
