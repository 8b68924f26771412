"""The pages of a repository's webhooks: making one, what arrived there, another secret, deleting it."""
