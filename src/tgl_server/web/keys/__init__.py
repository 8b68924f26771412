"""The pages of the viewer's own API keys: a table, making one, and one key with its use and its refusals."""
