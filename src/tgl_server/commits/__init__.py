"""The contents of repositories: state, commits, tips, runs and ingest log; listing and deleting them."""
