"""The HTTP server: Granian with its worker processes, its addresses and its limits."""
