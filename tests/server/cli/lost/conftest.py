"""A server of other tests would wait for the same tables, and lose its connection instead of the command."""

from tests.support.alone import migrated_url, own_pool

__all__ = ["migrated_url", "own_pool"]
