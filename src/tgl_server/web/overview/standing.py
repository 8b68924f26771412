"""Where a repository stands for a person: one of six states, with its reason in a line.

A repository is failing while its last error is later than its last success, also while the next push is running: a
status column alone would show green as soon as somebody tries again.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct
from sqlalchemy import RowMapping

from tgl_protocol.commits import SyncStatus
from tgl_server.projects.freshness import current_status, is_interruption, is_stale
from tgl_server.web.trends import trend
from tgl_server.web.words import duration, every


class Standing(StrEnum):
    """The states, the worst first."""

    FAILING = "failing"
    INTERRUPTED = "interrupted"
    STALE = "stale"
    NEVER = "never pushed"
    SYNCING = "syncing"
    HEALTHY = "healthy"


#: The band of the overview in which rows of a state stand, in the order of the page.
BANDS: Final = (
    ("Needs attention", (Standing.FAILING, Standing.INTERRUPTED, Standing.STALE)),
    ("In play", (Standing.SYNCING,)),
    ("Waiting for a first push", (Standing.NEVER,)),
    ("Up to date", (Standing.HEALTHY,)),
)


class RepoRow(Struct, frozen=True, kw_only=True):
    """A repository as a line of the overview."""

    name: str
    project: str
    project_name: str
    standing: Standing
    is_running: bool
    reason: str
    last_success_at: datetime | None
    last_attempt_at: datetime | None
    pushed_by: str
    runs: tuple[str, ...]
    #: Commits of each of the last weeks, which follow a push within seconds.
    weeks: tuple[int, ...]
    commits: int
    version: int
    #: Since when its remote has had commits that clients did not push, as far as a forge has told.
    behind_since: datetime | None


def repo_row(row: RowMapping, run_timeout: timedelta) -> RepoRow:
    """A row of the overview's statement."""
    status, error = current_status(row, row["now"], run_timeout)
    standing = _standing(row, status, error)
    return RepoRow(
        name=row["name"],
        project=row["project"],
        project_name=row["project_name"],
        standing=standing,
        is_running=status is SyncStatus.SYNCING,
        reason=_reason(row, standing, status, error),
        last_success_at=row["last_success_at"],
        last_attempt_at=row["last_attempt_at"],
        pushed_by=_pushed_by(row),
        runs=tuple(row["states"] or ()),
        weeks=trend(dict(zip(row["weeks"] or (), row["week_commits"] or (), strict=True)), row["now"].date()),
        commits=row["total_commits"],
        version=row["version"],
        behind_since=row["behind_since"],
    )


def _standing(row: RowMapping, status: SyncStatus, error: str | None) -> Standing:
    if is_interruption(error):
        return Standing.INTERRUPTED
    if _is_failing(row) or status is SyncStatus.ERROR:
        return Standing.FAILING
    if status is SyncStatus.PENDING:
        return Standing.NEVER
    if status is SyncStatus.SYNCING:
        return Standing.SYNCING
    return Standing.STALE if is_stale(row, row["now"]) else Standing.HEALTHY


def _is_failing(row: RowMapping) -> bool:
    failed, succeeded = row["last_error_at"], row["last_success_at"]
    return failed is not None and (succeeded is None or failed > succeeded)


def _reason(row: RowMapping, standing: Standing, status: SyncStatus, error: str | None) -> str:
    if standing is Standing.FAILING:
        retrying = "Retrying now. " if status is SyncStatus.SYNCING else ""
        return retrying + (row["error_message"] or row["last_error"] or "The last push failed.")
    if standing is Standing.INTERRUPTED:
        return error or ""
    if standing is Standing.STALE:
        return _lateness(row)
    return ""


def _lateness(row: RowMapping) -> str:
    """Three times the usual pause is the learned cadence: by how much it is exceeded says more than itself."""
    silent = row["now"] - (row["last_success_at"] or row["created_at"])
    if row["expected_cadence"] is not None:
        late = max(silent - row["expected_cadence"], timedelta())
        return f"Expected {every(row['expected_cadence'])}; {duration(late)} late"
    late = max(silent - row["learned_cadence"], timedelta())
    return f"No push for {duration(silent)}; {duration(late)} later than usual"


def _pushed_by(row: RowMapping) -> str:
    if row["key_name"]:
        return f"{row['key_name']} ({row['person']})" if row["person"] else str(row["key_name"])
    return row["person"] or ""


_WORST_FIRST = {standing: place for place, standing in enumerate(Standing)}


def worst_first(row: RepoRow) -> tuple[int, float]:
    """A key to sort by: failing first, and within a state the oldest success first."""
    return _WORST_FIRST[row.standing], row.last_success_at.timestamp() if row.last_success_at else 0.0
