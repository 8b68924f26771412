"""Repositories that the server pulls, and their rows in the queue."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID

from tests.support.command import TGL_SERVER
from tests.support.database import execute, rows
from tests.support.forge import Forge, Handler
from tests.support.world import World
from tgl_protocol.commits import RunPhase
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.pull import queue
from tgl_server.pull.pulling import Pull
from tgl_server.pull.queue import Ending, Lease, Sign
from tgl_server.pull.service import cancel_pull, request_after_push, request_pull
from tgl_server.settings import Settings

_COMMITS = "SELECT {} FROM commits WHERE repo_id = :repo_id ORDER BY sha"
_DUE = """
    INSERT INTO repo_pulls (repo_id, cron, next_due_at)
    SELECT id, '*/5 * * * *', now() - interval '1 second' FROM repos WHERE id = :repo_id
"""


async def let_pull(database: Database, world: World, url: str | None = "https://git.example.com/linux.git") -> RepoId:
    """Let the server pull the world's repository from a URL, when somebody asks."""
    change = "UPDATE repos SET sync_method = 'pull_celery', git_url = :url WHERE id = :repo_id"
    await execute(database, change, url=url, repo_id=world.repo_id)
    return RepoId(world.repo_id)


async def make_due(database: Database, repo_id: UUID) -> None:
    """A schedule of every five minutes whose moment has just come."""
    await execute(database, _DUE, repo_id=repo_id)


async def lose_worker(database: Database) -> None:
    """Let every lease end, as the time does after a worker was killed."""
    await execute(database, "UPDATE repo_pulls SET lease_until = now() - interval '1 second'")


async def run_of(database: Database, run_id: UUID) -> dict[str, Any]:
    """A run as it is stored."""
    (found,) = await rows(database, "SELECT * FROM sync_runs WHERE id = :id", id=run_id)
    return dict(found._mapping)


async def state_of(database: Database, world: World) -> tuple[str, str | None]:
    """The sync status of the world's repository, and its error."""
    (found,) = await rows(
        database, "SELECT sync_status, error_message FROM repo_states WHERE repo_id = :id", id=world.repo_id
    )
    return found.sync_status, found.error_message


async def tick(database: Database, limit: int = 10) -> list[RepoId]:
    """Hand out what is due."""
    async with database.transaction() as tx:
        return await queue.tick(tx, limit)


async def claim(database: Database, repo_id: RepoId, owner: str = "here") -> Lease | None:
    """Claim a repository, or None."""
    async with database.transaction() as tx:
        return await queue.claim(tx, repo_id, owner)


async def claimed(database: Database, repo_id: RepoId) -> Lease:
    """Claim a repository that is due."""
    lease = await claim(database, repo_id)
    assert lease is not None
    return lease


async def renew(database: Database, lease: Lease, phase: RunPhase = RunPhase.WALKING) -> Sign:
    """Renew a lease."""
    async with database.transaction() as tx:
        return await queue.renew(tx, lease, phase)


async def done(database: Database, lease: Lease, ending: Ending | None = None) -> bool:
    """End a pull."""
    async with database.transaction() as tx:
        return await queue.done(tx, lease, ending or Ending())


async def ask(database: Database, repo_id: RepoId, by: Actor | None = None) -> UUID:
    """Ask for a pull; its run."""
    async with database.transaction() as tx:
        return await request_pull(tx, repo_id, by or Actor())


async def ask_after_push(database: Database, repo_id: RepoId) -> UUID | None:
    """Ask for a pull as a webhook does; its run, or None."""
    async with database.transaction() as tx:
        return await request_after_push(tx, repo_id, Actor())


async def cancel(database: Database, repo_id: RepoId) -> None:
    """Cancel what runs or waits."""
    async with database.transaction() as tx:
        await cancel_pull(tx, repo_id, Actor())


async def pull(database: Database, settings: Settings, repo_id: RepoId) -> dict[str, Any]:
    """Ask for a pull and let it run to its end; its run."""
    run_id = await ask(database, repo_id)
    await Pull(database, settings, await claimed(database, repo_id)).run()
    return await run_of(database, run_id)


async def tips(database: Database) -> dict[str, str]:
    """The recorded tips of the only repository."""
    found = await rows(database, "SELECT name, encode(sha, 'hex') AS sha FROM repo_refs")
    return {row.name: row.sha for row in found}


async def columns_of(database: Database, repo_id: object) -> list[Any]:
    """Every column of every commit of a repository, but for those that tell when and where it was stored."""
    named = "SELECT column_name FROM information_schema.columns WHERE table_name = 'commits'"
    names = sorted({row.column_name for row in await rows(database, named)} - {"repo_id", "ingested_at"})
    return [tuple(row) for row in await rows(database, _COMMITS.format(", ".join(names)), repo_id=repo_id)]


async def refs_of(database: Database, repo_id: object) -> list[Any]:
    """The recorded tips of a repository."""
    return await rows(database, "SELECT name, sha FROM repo_refs WHERE repo_id = :id ORDER BY name", id=repo_id)


async def queue_row(database: Database) -> Any:
    """The only row of the queue; `waits` is the time to its next moment."""
    (row,) = await rows(database, "SELECT *, next_due_at - now() AS waits FROM repo_pulls")
    return row


class Hanging:
    """A forge whose answers do not come until it is told; `is_asked` once somebody waits for one."""

    def __init__(self, forge: Forge) -> None:
        self.is_asked = False
        self._goes_on = False
        forge.intercept = self._hang

    def go_on(self) -> None:
        self._goes_on = True

    def _hang(self, _: Handler) -> bool:
        self.is_asked = True
        while not self._goes_on:
            time.sleep(0.01)
        return False


def running_worker(settings: Settings, *options: str) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    """`tgl-server worker` as a process of its own, stopped with SIGTERM at the end; without a broker if none is set."""
    kind = [] if settings.broker_url or settings.broker_url_file else ["--no-broker"]
    return _running(settings, "worker", *kind, *options)


def running_beat(settings: Settings) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    """`tgl-server beat` as a process of its own, stopped with SIGTERM at the end."""
    return _running(settings, "beat")


@contextmanager
def _running(settings: Settings, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([*TGL_SERVER, *arguments], env={**os.environ, **environment_of(settings)}) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that mean these settings to a worker or a beat."""
    return {
        "DATABASE_URL": settings.database_url,
        "MIRROR_DIR": settings.mirror_dir,
        "PULL_ALLOWED_NETWORKS": ",".join(settings.pull_allowed_networks),
        "PULL_ALLOWED_PORTS": ",".join(map(str, settings.pull_allowed_ports)),
        "PULL_CA_FILE": settings.pull_ca_file,
        "SECRETS_KEYS": ",".join(settings.secrets_keys),
        "BROKER_URL": settings.broker_url,
        "BROKER_URL_FILE": settings.broker_url_file,
    }
