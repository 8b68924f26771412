"""What people see on the terminal: progress, results, problems."""
