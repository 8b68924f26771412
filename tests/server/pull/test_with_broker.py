"""Workers that a broker wakes up, as real processes on a real Redis."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import msgspec
import psutil
import pytest

from tests.support.api import Api
from tests.support.bouncer import pgbouncer
from tests.support.broker import PASSWORD, Broker, running_broker
from tests.support.command import Run
from tests.support.database import count, execute, rows, until_query
from tests.support.forge import Forge
from tests.support.processes import command_line, is_alive
from tests.support.pulls import Hanging, ask, let_pull, run_of, running_beat, running_worker
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tests.support.world import World, add_world
from tgl_server.access.ids import RepoId
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.pull.child import CHILD_MEMORY_BYTES
from tgl_server.pull.mirrors import mirror_of
from tgl_server.pull.queue import hand_out
from tgl_server.settings import Settings

ALL_DONE = "SELECT count(*) FILTER (WHERE state = 'done') = :runs FROM sync_runs"
IS_DONE = "SELECT state = 'done' FROM sync_runs WHERE id = :id"
#: A worker starts twice: itself and its pool. On a loaded machine that takes a while.
LONG = 180
#: The leases of processes that are gone end, as they do after a minute.
LET_GO = "UPDATE repo_pulls SET lease_until = now() - interval '1 second'"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with running_broker(tmp_path) as broker:
        yield broker


@pytest.fixture
def brokered(settings: Settings, broker: Broker) -> Settings:
    """The settings of a worker that hears messages."""
    return msgspec.structs.replace(settings, broker_url=f"valkey://127.0.0.1:{broker.port}/0")


async def test_what_is_asked_for_is_pulled_at_once_without_a_beat_and_also_when_the_broker_was_away(
    start_server: Callable[..., RunningServer],
    database: Database,
    brokered: Settings,
    broker: Broker,
    world: World,
    repo: RepoId,
) -> None:
    server = start_server(broker_url=brokered.broker_url)
    path = f"/api/v1/projects/{world.project}/repos/{world.repo}/pull"
    async with Api(server.url, world.key) as api:
        with running_worker(brokered):
            first = await api.post(path)
            await until_query(database, IS_DONE, id=UUID(first.json["id"]), seconds=LONG)
            (worker,) = await rows(database, "SELECT children, disk_free > 0, uses_broker FROM pull_workers")
            broker.kill()
            second = await api.post(path)
            broker.start()
            with running_beat(brokered):
                await until_query(database, IS_DONE, id=UUID(second.json["id"]), seconds=LONG)
    assert (first.status, second.status, tuple(worker)) == (202, 202, (2, True, True))
    assert (await count(database, "commits"), await count(database, "pull_workers")) == (3, 0)


async def test_a_worker_that_is_told_to_stop_gives_back_its_pull_and_leaves_no_process(
    database: Database, brokered: Settings, repo: RepoId, hanging: Hanging, capfd: pytest.CaptureFixture[str]
) -> None:
    run_id = await ask(database, repo)
    with running_worker(brokered, "--with-beat") as worker:
        await until(lambda: hanging.is_asked, seconds=LONG)
        below = psutil.Process(worker.pid).children(recursive=True)
        assert CHILD_MEMORY_BYTES in {each.rlimit(psutil.RLIMIT_DATA)[0] for each in below if is_alive(each)}
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait, LONG) == 0
    assert len(below) >= 4
    assert not any(is_alive(process) for process in below)
    assert (await run_of(database, run_id))["state"] == "queued"
    assert await count(database, "pull_workers") == 0
    said = "".join(capfd.readouterr())
    assert ("pull_given_back" in said, "Traceback" in said) == (True, False)


@pytest.mark.slow
async def test_a_child_that_is_slow_to_come_up_is_not_killed(
    database: Database,
    brokered: Settings,
    repo: RepoId,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """On a busy machine it takes longer than the 4 seconds after which Celery would kill it, and each that follows."""
    late = "import os, sys, time\nif '--pool-of' in sys.orig_argv:\n"
    late += "    os.register_at_fork(after_in_child=lambda: time.sleep(8))\n"
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "sitecustomize.py").write_text(late)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "late"))
    first = await ask(database, repo)
    with running_worker(brokered, "--with-beat") as worker:
        await until_query(database, IS_DONE, id=first, seconds=LONG)
        (pool,) = psutil.Process(worker.pid).children()
        for child in pool.children():
            child.kill()
        second = await ask(database, repo)
        await until_query(database, IS_DONE, id=second, seconds=LONG)
    assert "Timed out waiting for UP" not in "".join(capfd.readouterr())


async def test_whatever_of_a_worker_is_killed_its_pull_goes_on_and_nothing_of_it_is_left(
    database: Database, brokered: Settings, repo: RepoId, hanging: Hanging
) -> None:
    """First the child that pulls, then the pool, then the worker itself."""
    run_id = await ask(database, repo)
    with running_worker(brokered, "--with-beat") as worker:
        for depth in (2, 1):
            await until(lambda: hanging.is_asked, seconds=LONG)
            await _kill(worker.pid, depth)
            hanging.is_asked = False
            await execute(database, LET_GO)
        await until(lambda: hanging.is_asked, seconds=LONG)
        await _kill(worker.pid, 0)
    await execute(database, LET_GO)
    await execute(database, "UPDATE repo_pulls SET attempts = 1")  # three that died would be a reason to pause
    hanging.go_on()
    with running_worker(brokered, "--with-beat"):
        await until_query(database, IS_DONE, id=run_id, seconds=LONG)
    assert (await count(database, "commits"), await count(database, "sync_runs")) == (3, 1)
    assert list(mirror_of(brokered, repo).glob("objects/**/tmp_*")) == []


async def _kill(worker: int, depth: int) -> None:
    """Kill -9 the process that is so far below a worker on the way to its git, and wait until all below it is gone."""
    all_below = psutil.Process(worker).children(recursive=True)
    git = next(each for each in all_below if "guard.py" in " ".join(command_line(each)))
    line = [*reversed(git.parents()), git]
    victim = line[[each.pid for each in line].index(worker) + depth]
    below = victim.children(recursive=True)
    victim.kill()
    await until(lambda: not any(is_alive(process) for process in below), seconds=LONG)


async def test_behind_a_pooler_in_transaction_mode_two_workers_and_two_beats_pull_all(
    postgres: EmbeddedPostgres, database: Database, brokered: Settings, forge: Forge, source: Path
) -> None:
    for number in range(4):
        world = await add_world(database, project=f"p{number}")
        await ask(database, await let_pull(database, world, forge.add(source, f"r{number}")))
    with pgbouncer(postgres) as url:
        pooled = msgspec.structs.replace(brokered, database_url=f"{url}?pgbouncer=true")
        with running_worker(pooled, "--with-beat"), running_worker(pooled, "--with-beat"):
            await until_query(database, ALL_DONE, runs=4, seconds=LONG)
    assert (await count(database, "sync_runs"), await count(database, "commits")) == (4, 12)


async def test_the_host_that_has_the_mirror_is_asked_first_for_a_minute_while_it_lives(
    database: Database, due: RepoId
) -> None:
    async def host() -> str | None:
        await execute(database, "UPDATE repo_pulls SET queued_at = NULL")
        async with database.transaction() as tx:
            (wake_up,) = await hand_out(tx, 10)
        return wake_up.host

    await execute(database, "UPDATE repo_pulls SET mirror_host = 'north'")
    assert await host() is None
    worker = """
        INSERT INTO pull_workers (id, host, pid, version, children, uses_broker)
        VALUES (:id, 'north', 1, '0', 1, :it)
    """
    await execute(database, worker, id=UUID(int=1), it=False)
    assert await host() is None
    await execute(database, worker, id=UUID(int=2), it=True)
    assert await host() == "north"
    await execute(database, "UPDATE repo_pulls SET next_due_at = now() - interval '61 seconds'")
    assert await host() is None
    await execute(database, "UPDATE repo_pulls SET next_due_at = now()")
    assert await host() == "north"
    await execute(database, "UPDATE pull_workers SET seen_at = now() - interval '46 seconds'")
    assert await host() is None


async def test_the_brokers_password_is_nowhere_to_be_seen(
    database: Database, settings: Settings, repo: RepoId, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither while all is well, nor while the broker is away, nor when it refuses the password."""
    encoded = quote(PASSWORD, safe="")
    with running_broker(tmp_path, password=PASSWORD) as broker:
        file = tmp_path / "broker-url"
        file.write_text(f"redis://:{encoded}@127.0.0.1:{broker.port}/0\n")
        await ask(database, repo)
        with running_worker(msgspec.structs.replace(settings, broker_url_file=str(file)), "--with-beat") as worker:
            await until_query(database, ALL_DONE, runs=1, seconds=LONG)
            shown = _command_lines(worker.pid)
            broker.kill()
            said = ""
            while "broker" not in (said := said + "".join(capfd.readouterr())):
                await ask(database, repo)
                await asyncio.sleep(0.1)
    said += "".join(capfd.readouterr())
    assert "--pool-of" in shown
    assert not [text for text in (PASSWORD, encoded) if text in said + shown]


def _command_lines(worker: int) -> str:
    main = psutil.Process(worker)
    return "\n".join(" ".join(command_line(each)) for each in (main, *main.children(recursive=True)))


@pytest.mark.parametrize("command", ["worker", "beat", "serve"])
def test_without_the_extra_one_sentence_says_what_to_install(
    database_url: str, monkeypatch: pytest.MonkeyPatch, run: Run, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "celery", None)
    code, said = run(command, DATABASE_URL=database_url, BROKER_URL="redis://127.0.0.1:1/0")
    assert (code, "pip install 'thegitleague[server,pull]'" in said, said.count("error:")) == (1, True, 1)


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_without_a_broker_a_worker_and_a_beat_say_what_needs_none(database_url: str, run: Run, command: str) -> None:
    code, said = run(command, DATABASE_URL=database_url)
    assert (code, "--no-broker" in said) == (1, True)
