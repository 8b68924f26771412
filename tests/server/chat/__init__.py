"""Tests of chats: the shapes of messages, each once, and nothing of their addresses."""
