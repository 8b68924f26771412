"""The root commits of each repository, which identify repositories with a common history."""
