"""Streams: a project's events as they happen, as server-sent events that can be resumed."""
