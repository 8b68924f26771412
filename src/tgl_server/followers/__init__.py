"""Followers of the ingest log: they compute results from commits, beside the pushes and never inside one."""
