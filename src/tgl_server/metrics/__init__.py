"""What the server counts about itself, and how several processes count together. `GET /metrics` is `scrape.py`."""
