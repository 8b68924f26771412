"""Talks to the server: endpoints, the connection with its retries, bodies, answers."""
