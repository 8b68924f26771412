"""Moving a repository to and fro while a worker pulls it and a laptop pushes: nothing is lost, nothing comes twice."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from tests.support.command import TGL
from tests.support.database import count, every_row, rows, scalar
from tests.support.forge import Forge
from tests.support.histories import add_commits, git
from tests.support.migration import PULL, PUSH, TOKEN, store_token, switch
from tests.support.pulls import ask, let_pull, pull, tips
from tests.support.pushing import stored
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tests.support.world import World
from tgl_client.exit_codes import ExitCode
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.followers.runner import catch_up
from tgl_server.migration.comparing import Copy, compare
from tgl_server.pull import worker
from tgl_server.settings import Settings
from tgl_server.verify.service import find_faults

#: A push ends well, or is told that the server pulls by now.
_ALLOWED = {ExitCode.DONE, ExitCode.USAGE}


class Trial:
    """A repository that moves, its forge, and the laptop that pushes to it."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        repo: RepoId,
        forge: Forge,
        laptop: Path,
        environment: dict[str, str],
    ) -> None:
        self._database, self._settings, self._repo = database, settings, repo
        self._forge, self._laptop = forge, laptop
        self._environment = {**os.environ, **environment}
        self._chance = Random(12)

    async def round(self, number: int) -> None:
        """To push while the worker pulls, and back while the laptop pushes; somebody commits before each."""
        keep = number % 2 == 1
        self._commit()
        run_id = await ask(self._database, self._repo)
        await until(lambda: self._has_begun(run_id))
        await asyncio.sleep(self._chance.uniform(0, 0.5))
        await switch(self._database, self._settings, self._repo, PUSH, keep_credentials=keep)
        assert await count(self._database, "repo_credentials") == keep
        self._commit()
        pushing = asyncio.create_task(self.push())
        await asyncio.sleep(self._chance.uniform(0, 1.2))
        back = await switch(self._database, self._settings, self._repo, PULL)
        assert await pushing in _ALLOWED
        assert any("credentials" in warning for warning in back.warnings) == (not keep)
        if not keep:
            await store_token(self._database, self._settings, self._repo)

    async def push(self) -> int:
        """The exit status of one `tgl push`."""
        pushing = await asyncio.create_subprocess_exec(
            *(*TGL, "push", str(self._laptop), "-q"),
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return await pushing.wait()

    async def check(self) -> None:
        """Every commit is there, once, as the counters have it, and a clone has the same."""
        wanted = set(git(self._laptop, "rev-list", "--all").split())
        assert await stored(self._database) == wanted
        assert await count(self._database, "commits") == len(wanted)
        assert await tips(self._database) == {"refs/heads/main": git(self._laptop, "rev-parse", "main")}
        assert await scalar(self._database, "SELECT total_commits FROM repo_states") == len(wanted)
        inserted = "SELECT sum(inserted) FROM ingest_log WHERE kind = 'stored'"
        assert await scalar(self._database, inserted) == len(wanted)
        await catch_up(self._database, FOLLOWERS)
        assert await find_faults(self._database, self._settings.run_timeout, FOLLOWERS) == []
        assert (await compare(self._database, self._repo, Copy(path=self._laptop, is_clone=True))).is_equal
        assert TOKEN not in await every_row(self._database)

    def _commit(self) -> None:
        add_commits(self._laptop, 3)
        self._forge.update(self._laptop)

    async def _has_begun(self, run_id: object) -> bool:
        found = await rows(self._database, "SELECT 1 FROM sync_runs WHERE id = :id AND state <> 'queued'", id=run_id)
        return bool(found)


@asynccontextmanager
async def working(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """A worker without a broker, which looks for work more often than it would."""
    monkeypatch.setattr(worker, "TICK_SECONDS", 0.1)
    stop = asyncio.Event()
    task = asyncio.create_task(worker.Worker(database, settings, children=1).run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


@pytest.mark.parametrize("rounds", [10, pytest.param(100, marks=pytest.mark.slow)])
async def test_nothing_is_lost_or_stored_twice_while_a_repository_moves_to_and_fro(
    rounds: int,
    server: RunningServer,
    database: Database,
    world: World,
    settings: Settings,
    forge: Forge,
    source: Path,
    tgl_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forge.token = TOKEN
    repo = await let_pull(database, world, forge.add(source))
    await store_token(database, settings, repo)
    trial = Trial(database, settings, repo, forge, source, world.environment(server.url))
    async with working(database, settings, monkeypatch):
        for number in range(rounds):
            await trial.round(number)
    assert (await pull(database, settings, repo))["state"] == "done"
    await trial.check()
    await switch(database, settings, repo, PUSH)
    add_commits(source, 1)
    assert await trial.push() == ExitCode.DONE
    await trial.check()
    assert await count(database, "repo_credentials") == 0
    moves = "SELECT count(*) FROM audit_logs WHERE action IN ('repo:migrated_to_push', 'repo:rolled_back_to_pull')"
    assert await scalar(database, moves) == 2 * rounds + 1
