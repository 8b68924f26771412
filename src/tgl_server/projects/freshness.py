"""The freshness of a repository: its status at this moment, whether it is stale, whether a push was abandoned.

Pure. `tgl_server.projects.queries.abandoned` is the same rule of an abandoned push as a condition in SQL.
"""

from datetime import datetime, timedelta

from sqlalchemy import RowMapping

from tgl_protocol.commits import SyncStatus
from tgl_protocol.projects import SyncMethod

INTERRUPTED = "The last push was interrupted; the next one continues where it stopped."
INTERRUPTED_PULL = "The last pull was interrupted; the next one continues where it stopped."
#: The parameters of statements that write one of these into the rows of a repository, by its method.
INTERRUPTIONS = {"message": INTERRUPTED, "pull_message": INTERRUPTED_PULL}


def is_abandoned(last_sign: datetime, now: datetime, run_timeout: timedelta) -> bool:
    """True for a push without a batch for longer than `run_timeout`; readers see it before the sweep records it.

    A sign as far in the future counts too: the clock was set back since, and would take that long to catch up.
    """
    return abs(now - last_sign) > run_timeout


def current_status(row: RowMapping, now: datetime, run_timeout: timedelta) -> tuple[SyncStatus, str | None]:
    """The status and the error that a row of `repo_states` means now; a `syncing` left by a crash is an error."""
    status = SyncStatus(row["sync_status"])
    if status is SyncStatus.SYNCING and is_abandoned(row["last_attempt_at"], now, run_timeout):
        return SyncStatus.ERROR, INTERRUPTED_PULL if row["sync_method"] == SyncMethod.PULL_CELERY else INTERRUPTED
    return status, row["error_message"]


def is_interruption(error: str | None) -> bool:
    """True for the error of a repository whose last push or pull ended without a word."""
    return error in INTERRUPTIONS.values()


def is_stale(row: RowMapping, now: datetime) -> bool:
    """True for a repository that missed its expected cadence or, without one, the learned one."""
    cadence, seen = row["expected_cadence"] or row["learned_cadence"], row["last_success_at"]
    return cadence is not None and (seen is None or now - seen > cadence)


def seconds_of(duration: timedelta | None) -> int | None:
    """The duration in whole seconds."""
    return None if duration is None else int(duration.total_seconds())
