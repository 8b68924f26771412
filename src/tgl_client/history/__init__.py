"""A Git repository in, commits with metadata and line statistics out. The only importer of pygit2 and user of git.

What the numbers mean, and where the two engines differ, is in docs/subsystems/history.md.
"""

from tgl_client.history.errors import (
    CorruptRepository,
    ForeignOwner,
    HistoryError,
    NotARepository,
    PartialClone,
    StatisticsFailed,
    UnsupportedRepository,
)
from tgl_client.history.repository import Engine, Repository, default_engine, open_repository
from tgl_client.history.walk import Walk

__all__ = [
    "CorruptRepository",
    "Engine",
    "ForeignOwner",
    "HistoryError",
    "NotARepository",
    "PartialClone",
    "Repository",
    "StatisticsFailed",
    "UnsupportedRepository",
    "Walk",
    "default_engine",
    "open_repository",
]
