"""The pages about what opens the remote of a pulled repository: its credentials, and the keys of its ssh host."""
