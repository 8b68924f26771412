"""The pages of a repository: its runs, branches and commits, where a commit is, and its settings."""
