"""What each forge sends: its proof, its ids, and how its bodies are read."""
