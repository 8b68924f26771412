"""Metrics: the server's counters, and how several processes share them. `GET /metrics` is `system/scrape.py`."""
