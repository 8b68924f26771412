"""What stands above every page of a repository: where it stands, when it is late, and the command that pushes to it."""

import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.di import NamedDependency
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.projects import RepoInfo, SyncMethod
from tgl_server import errors
from tgl_server.access.guards import RepoAccess
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.projects import reading
from tgl_server.pull.schedule import in_words
from tgl_server.settings import Settings
from tgl_server.web.flash import go_on
from tgl_server.web.overview.queries import REPOS
from tgl_server.web.overview.standing import RepoRow, Standing, repo_row
from tgl_server.web.rendering import page

_SENTENCES = {
    Standing.HEALTHY: "Everything that was pushed has arrived.",
    Standing.SYNCING: "A push is running.",
    Standing.NEVER: "Registered, and waiting for a first push.",
}
_PULLED_SENTENCES = {
    Standing.HEALTHY: "Everything that the remote had at the last pull has arrived.",
    Standing.SYNCING: "A pull is running.",
    Standing.NEVER: "Registered, and waiting for a first pull.",
}


class PullFacts(Struct, frozen=True, kw_only=True):
    """What is known of the pulls of a repository that the server pulls."""

    schedule: str
    next_due_at: datetime | None
    is_running: bool
    is_waiting: bool
    is_paused: bool


class RepoHeader(Struct, frozen=True, kw_only=True):
    """A repository as its pages show it; `may_change` is the viewer's right to push to it and to change it."""

    row: RepoRow
    git_url: str | None
    is_pushed: bool
    pull: PullFacts
    expected_cadence: timedelta | None
    learned_cadence: timedelta | None
    #: Since when the remote has had commits that nobody pushed, as far as its forge has told.
    behind_since: datetime | None
    created_at: datetime
    now: datetime
    may_change: bool

    @property
    def sentence(self) -> str:
        """The repository's state in words."""
        words = _SENTENCES if self.is_pushed else _PULLED_SENTENCES
        if self.pull.is_paused and not self.is_pushed:
            return f"Pulling is paused. {self.row.reason}".strip()
        return self.row.reason or words.get(self.row.standing, "")

    @property
    def due_at(self) -> datetime | None:
        """From when on the repository is late; None for one that nothing is expected of yet."""
        cadence = self.expected_cadence or self.learned_cadence
        return None if cadence is None else (self.row.last_success_at or self.created_at) + cadence

    @property
    def path(self) -> str:
        """The path of the repository's pages."""
        return repo_path(self.row.project, self.row.name)

    @property
    def push_command(self) -> str:
        """The command that pushes to this repository from a folder with a clone of it."""
        return shlex.join(["tgl", "push", "--project", self.row.project, "--repo", self.row.name])


def repo_path(project: str, name: str) -> str:
    """The path of a repository's pages; its name may be in any script, and has no slash."""
    return f"/projects/{quote(project, safe='')}/repos/{quote(name, safe='')}"


async def read_header(
    connection: AsyncConnection, principal: Principal, access: RepoAccess, run_timeout: timedelta
) -> RepoHeader:
    """The header of a repository that a guard has admitted the viewer to; one statement."""
    wanted = {
        "user_id": principal.user_id,
        "is_commissioner": principal.is_commissioner,
        "project_id": None,
        "repo_id": access.id,
        "limit": 1,
    }
    row = (await connection.execute(REPOS, wanted)).mappings().one_or_none()
    if row is None:
        raise errors.NotFound("The repository was deleted meanwhile.")
    return RepoHeader(
        row=repo_row(row, run_timeout),
        git_url=row["git_url"],
        is_pushed=access.sync_method is SyncMethod.PUSH_CLIENT,
        pull=PullFacts(
            schedule=in_words(row["cron"]),
            next_due_at=row["next_due_at"],
            is_running=bool(row["is_running"]),
            is_waiting=bool(row["is_waiting"]),
            is_paused=bool(row["is_paused"]),
        ),
        expected_cadence=row["expected_cadence"],
        learned_cadence=row["learned_cadence"],
        behind_since=row["behind_since"],
        created_at=row["created_at"],
        now=row["now"],
        may_change=access.may_push,
    )


class RepoView(Struct, frozen=True, kw_only=True):
    """A request for a page of a repository that a guard has admitted the viewer to."""

    request: Request[Any, Any, Any]
    access: RepoAccess
    principal: Principal
    actor: Actor
    database: Database
    settings: Settings

    @property
    def project_path(self) -> str:
        """The path of its project's pages, by id or slug as it was asked for."""
        return f"/projects/{self.request.path_params['project']}"

    @property
    def path(self) -> str:
        """The path of the repository's pages, by id or name as it was asked for."""
        return self.path_of(self.request.path_params["repo"])

    def path_of(self, name: str) -> str:
        """The path of the repository under another name."""
        return repo_path(self.request.path_params["project"], name)

    async def info(self) -> RepoInfo:
        """The repository as it is stored now; one statement."""
        async with self.database.statements() as connection:
            return await reading.get_repo(connection, self.access.id, self.settings.run_timeout)

    async def show(
        self, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
    ) -> Response[str]:
        """A page, below the header of the repository."""
        async with self.database.statements() as connection:
            header = await read_header(connection, self.principal, self.access, self.settings.run_timeout)
        return page(self.request, template, status=status, headers=headers, repo=header, **values)

    def go_on(self, path: str, code: str, name: str = "") -> Response[Any]:
        """Another page, which says what was done."""
        return go_on(path, code, name, secure=self.settings.is_secure)


async def provide_repo_view(
    request: Request[Any, Any, Any],
    target: NamedDependency[RepoAccess],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> RepoView:
    """What the handlers of a repository's pages share."""
    return RepoView(
        request=request, access=target, principal=principal, actor=actor, database=database, settings=settings
    )
