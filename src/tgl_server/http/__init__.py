"""HTTP for all features: bodies, parameters, pages, problems, the client's address, what features declare."""
