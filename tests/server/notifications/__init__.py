"""Tests of notifications: who is told of what, once each, and how it ends."""
