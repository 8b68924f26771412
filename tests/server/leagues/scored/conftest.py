"""A server of other tests would keep the seasons of these by the real clock."""

from tests.support.alone import migrated_url, own_pool

__all__ = ["migrated_url", "own_pool"]
