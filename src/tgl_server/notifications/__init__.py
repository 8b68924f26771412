"""Telling people, by mail and in chats: who is told of what, and each of it once."""
