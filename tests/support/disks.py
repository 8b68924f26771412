"""Disks with as much room as a test needs them to have."""

import shutil
from collections import namedtuple

import pytest

Usage = namedtuple("Usage", ["total", "used", "free"])


def with_free_bytes(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """Let every disk have so many free bytes, in this process."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12 - free, free))
