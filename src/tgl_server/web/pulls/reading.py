"""What the page of a repository's pulls shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct
from sqlalchemy import RowMapping

from tgl_protocol.credentials import CredentialKind
from tgl_protocol.pulls import PullInfo
from tgl_server import errors
from tgl_server.pull.queue import ALIVE
from tgl_server.pull.schedule import in_words, next_moments
from tgl_server.pull.service import pull_info
from tgl_server.remotes import Reason
from tgl_server.web.pulls.queries import BESIDE
from tgl_server.web.repos.header import RepoView
from tgl_server.web.repos.runs import RunRow, list_runs

_MOMENTS: Final = 3
_RUNS: Final = 5
#: The page below the repository's where the cause of a failure is put right.
_REMEDIES: Final = {
    Reason.CREDENTIALS: "credentials",
    Reason.HOST_KEY_UNKNOWN: "credentials/host-keys",
    Reason.HOST_KEY_CHANGED: "credentials/host-keys",
    Reason.ADDRESS: "settings",
    Reason.NOT_FOUND: "settings",
    Reason.REDIRECTED: "settings",
}


class Queue(Struct, frozen=True, kw_only=True):
    """The queue as one repository stands in it; `places` are the pulls that the live workers run at a time."""

    waiting: int
    running: int
    ahead: int
    workers: int
    places: int
    #: Why operators let no pull begin anywhere; None while they do.
    all_paused_reason: str | None


class StoredCredential(Struct, frozen=True, kw_only=True):
    """Which credentials there are, in short; `is_refused` if the remote did not take them the last time."""

    kind: CredentialKind
    username: str
    set_at: datetime
    host_keys: int
    is_refused: bool


class Pulls(Struct, frozen=True, kw_only=True):
    """The pulls of a repository at one moment."""

    info: PullInfo
    schedule: str
    moments: Sequence[datetime]
    queue: Queue
    remedy: str | None
    paused_by: str | None
    credential: StoredCredential | None
    runs: Sequence[RunRow]

    @property
    def is_waiting(self) -> bool:
        """True for one that waits for a worker."""
        return self.info.queued_run_id is not None or (
            self.info.running_run_id is not None and not self.info.is_running
        )

    @property
    def open_run(self) -> RunRow | None:
        """The run that is under way or waits, the one that began first."""
        wanted = (self.info.running_run_id, self.info.queued_run_id)
        return next((run for id_ in wanted for run in self.runs if run.id == id_), None)


async def read_pulls(view: RepoView) -> Pulls:
    """The pulls of a repository; three statements, one of which reads its last runs."""
    async with view.database.statements() as connection:
        info = await pull_info(connection, view.access.id)
        wanted = {"repo_id": view.access.id, "alive": ALIVE}
        beside = (await connection.execute(BESIDE, wanted)).mappings().one_or_none()
        runs = await list_runs(connection, view, size=_RUNS)
    if beside is None:
        raise errors.NotFound("The repository was deleted meanwhile.")
    return Pulls(
        info=info,
        schedule=in_words(info.cron),
        moments=next_moments(info.cron, info.timezone, beside["now"], _MOMENTS),
        queue=Queue(**{name: beside[name] for name in Queue.__struct_fields__}),
        remedy=_REMEDIES.get(beside["failure_code"]),
        paused_by=beside["paused_by"],
        credential=_credential(beside),
        runs=runs.items,
    )


def _credential(row: RowMapping) -> StoredCredential | None:
    if row["kind"] is None:
        return None
    used, refused = row["last_used_at"], row["last_refused_at"]
    return StoredCredential(
        kind=CredentialKind(row["kind"]),
        username=row["username"],
        set_at=row["set_at"],
        host_keys=row["host_keys"],
        is_refused=refused is not None and (used is None or refused > used),
    )
