"""Ingest of pushed commits: batches, missing shas, branch tips, runs, sync status."""
