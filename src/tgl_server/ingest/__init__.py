"""Taking pushed commits in: batches, what is missing, branch tips, runs, sync status."""
