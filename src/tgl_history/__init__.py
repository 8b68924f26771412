"""Reads Git repositories: branch tips, a walk, and the commits of the wire contract with their line statistics.

The client reads through it what it pushes, and the server's pull worker what it has fetched; so it knows neither, and
imports the wire contract alone. Nothing else imports pygit2 or reads commits with git. What the numbers mean, and where
the two engines differ, is in docs/subsystems/history.md.
"""

from tgl_history.errors import (
    CorruptRepository,
    ForeignOwner,
    HistoryError,
    NotARepository,
    PartialClone,
    StatisticsFailed,
    Stopped,
    UnsupportedRepository,
)
from tgl_history.generated import GeneratedFiles
from tgl_history.lookup import Whereabouts
from tgl_history.repository import Repository, open_repository
from tgl_history.statistics.engine import Engine, default_engine
from tgl_history.statistics.limits import Limits
from tgl_history.walk import Ancestry, Walk

__all__ = [
    "Ancestry",
    "CorruptRepository",
    "Engine",
    "ForeignOwner",
    "GeneratedFiles",
    "HistoryError",
    "Limits",
    "NotARepository",
    "PartialClone",
    "Repository",
    "StatisticsFailed",
    "Stopped",
    "UnsupportedRepository",
    "Walk",
    "Whereabouts",
    "default_engine",
    "open_repository",
]
