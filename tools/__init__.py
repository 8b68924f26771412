"""What builds and checks the project: run as `just` says."""
