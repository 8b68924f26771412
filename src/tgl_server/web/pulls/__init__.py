"""The pages about the pulls of a repository: where they stand, and the schedule."""
