"""Backups of a real embedded database: under pushes, restored under a server, refused, damaged, interrupted."""

import asyncio
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.api import Api
from tests.support.command import TGL_SERVER, Done, Run, tgl_server
from tests.support.commits import batch, numbered
from tests.support.database import execute, scalar
from tests.support.databases import opened
from tests.support.disks import with_free_bytes
from tests.support.postgres import NO_FSYNC
from tests.support.servers import RunningServer, running_server
from tests.support.waiting import until, wait_until
from tests.support.world import World, make_world
from tgl_server.backup.archive import read_manifest
from tgl_server.backup.taking import take_backup
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres, embedded_postgres

_BATCH = 20


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with embedded_postgres(tmp_path_factory.mktemp("kept") / "data", settings=NO_FSYNC) as postgres:
        migrate.upgrade(postgres.dsn)
        yield postgres


@pytest.fixture(scope="module")
def league(embedded: EmbeddedPostgres) -> World:
    return asyncio.run(make_world(embedded.dsn))


@pytest.fixture
def here(embedded: EmbeddedPostgres, league: World, monkeypatch: pytest.MonkeyPatch, run: Run) -> Run:
    """`tgl-server` on the embedded database, in an empty folder."""
    del league
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATA_DIR", str(embedded.data_dir))
    return run


def ask(embedded: EmbeddedPostgres, query: str) -> object:
    async def ask() -> object:
        async with opened(embedded.dsn) as database:
            return await scalar(database, query)

    return asyncio.run(ask())


def change(embedded: EmbeddedPostgres, statement: str) -> None:
    async def change() -> None:
        async with opened(embedded.dsn) as database:
            await execute(database, statement)

    asyncio.run(change())


COMMITS = "SELECT count(*) FROM commits"
MARKED = "SELECT display_name FROM users"


async def push(server: RunningServer, world: World, start: int) -> int:
    async with Api(server.url, world.key) as api:
        return (await api.post(f"{world.sync_path}/commits", batch(*numbered(_BATCH, start)))).status


def test_taken_under_pushes_and_restored_under_the_server_which_goes_on(
    here: Run, embedded: EmbeddedPostgres, league: World, tmp_path: Path
) -> None:
    async def back_up(server: RunningServer) -> tuple[Done, int]:
        assert await push(server, league, 0) == 201
        backup = asyncio.create_task(asyncio.to_thread(tgl_server, "backup", tmp_path / "it.tgl"))
        pushes = 1
        while not backup.done():
            assert await push(server, league, pushes * _BATCH) == 201
            pushes += 1
        return await backup, pushes

    async def restore(server: RunningServer, stored: int) -> None:
        done = await asyncio.to_thread(tgl_server, "restore", tmp_path / "it.tgl", "--replace")
        assert done.code == 0, done.err
        async with Api(server.url, league.key) as api:
            found = await until(lambda: answered(api, f"{league.sync_path}/status"))
            assert found["total_commits"] == stored
        await until(lambda: is_pushed(server))

    async def answered(api: Api, path: str) -> dict[str, int] | None:
        answer = await api.get(path)
        return answer.json if answer.status == 200 else None

    async def is_pushed(server: RunningServer) -> bool:
        return await push(server, league, 1_000_000) == 201

    with running_server(database_url=embedded.dsn) as server:
        done, pushes = asyncio.run(back_up(server))
        assert done.code == 0, done.err
        stored = read_manifest(Path("it.tgl")).tables["commits"]
        assert _BATCH <= stored <= pushes * _BATCH
        assert "SECRETS_KEYS are not in it" in done.err
        assert Path("it.tgl").stat().st_mode & 0o777 == 0o600
        asyncio.run(restore(server, stored))
        assert ask(embedded, COMMITS) == stored + _BATCH
    assert here("verify")[0] == 0


def test_nothing_is_overwritten_without_a_word(here: Run, embedded: EmbeddedPostgres) -> None:
    assert here("backup", "it.tgl")[0] == 0
    first = Path("it.tgl").read_bytes()
    status, said = here("backup", "it.tgl")
    assert (status, "add --overwrite" in said, Path("it.tgl").read_bytes()) == (1, True, first)
    assert here("backup", "it.tgl", "--overwrite")[0] == 0
    assert Path("it.tgl").read_bytes() != first
    status, said = here("restore", "it.tgl")
    assert (status, "add --replace" in said) == (1, True)
    assert "DATABASE_URL is set" in here("backup", "other.tgl", DATABASE_URL=embedded.dsn)[1]
    assert sorted(path.name for path in Path().iterdir()) == ["it.tgl"]


def test_standard_programs_read_it(here: Run) -> None:
    here("backup", "it.tgl")
    assert subprocess.check_output(["tar", "tf", "it.tgl"], text=True).split() == ["database.dump", "manifest.json"]
    dump = subprocess.check_output(["tar", "xOf", "it.tgl", "database.dump"])
    assert dump.startswith(b"PGDMP")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda whole: whole[:-4096], "is not a whole backup"),
        (lambda whole: whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:], "it.tgl"),
        (lambda _: b"\0" * 10_240, "is not a whole backup"),
        (lambda whole: whole.replace(b'"migration": "0', b'"migration": "9'), "install tgl-server"),
        (lambda whole: whole.replace(b'"format": 1', b'"format": 2'), "made by a later version"),
        (lambda whole: whole.replace(b'"users": 1', b'"users": 2'), "users has 1 rows in place of 2"),
    ],
)
def test_what_is_damaged_or_does_not_fit_is_refused(
    here: Run, embedded: EmbeddedPostgres, damage: Callable[[bytes], bytes], reason: str
) -> None:
    here("backup", "it.tgl")
    Path("it.tgl").write_bytes(damage(Path("it.tgl").read_bytes()))
    change(embedded, "UPDATE users SET display_name = 'marked'")
    status, said = here("restore", "it.tgl", "--replace")
    assert status == 1
    assert reason in said
    assert ask(embedded, MARKED) == "marked"
    change(embedded, "UPDATE users SET display_name = 'Owner'")


def test_a_disk_that_has_no_room_for_both_is_told_before(here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    here("backup", "it.tgl")
    with_free_bytes(monkeypatch, 1_000_000)
    status, said = here("restore", "it.tgl", "--replace")
    assert (status, "make room" in said) == (1, True)


def test_one_of_an_earlier_version_is_brought_up_and_one_with_faults_is_repaired_when_asked(
    here: Run, embedded: EmbeddedPostgres
) -> None:
    async def take() -> None:
        async with opened(embedded.dsn) as database:
            await take_backup(database, embedded, Path("old.tgl"), overwrite=False)

    change(embedded, "UPDATE repo_states SET total_commits = total_commits + 1")
    migrate.alembic_commands(embedded.dsn).downgrade("-1")
    asyncio.run(take())
    status, said = here("restore", "old.tgl", "--replace")
    assert (status, "the restored database has" in said) == (1, True)
    status, said = here("restore", "old.tgl", "--replace", "--fix")
    assert status == 0, said
    assert f"to {migrate.newest_version()}" in said
    assert here("verify")[0] == 0


def test_a_backup_that_is_stopped_or_killed_leaves_nothing_under_its_name(
    here: Run, embedded: EmbeddedPostgres, tmp_path: Path
) -> None:
    """A lock on a table holds it up in the middle."""

    async def interrupt(number: int) -> tuple[int, str]:
        async with opened(embedded.dsn) as database, database.transaction() as tx:
            await tx.execute(text("LOCK TABLE commits IN ACCESS EXCLUSIVE MODE"))
            command = [*TGL_SERVER, "backup", str(tmp_path / "it.tgl")]
            process = await asyncio.to_thread(subprocess.Popen, command, stderr=subprocess.PIPE, text=True)
            await until(lambda: (tmp_path / "it.tgl.part").exists() or process.poll() is not None)
            process.send_signal(number)
            _, said = await asyncio.to_thread(process.communicate, timeout=60)
            return process.returncode, said

    code, said = asyncio.run(interrupt(signal.SIGTERM))
    assert (code, "stopped before the end" in said) == (1, True), said
    assert list(tmp_path.glob("it.tgl*")) == []
    assert asyncio.run(interrupt(signal.SIGKILL))[0] == -signal.SIGKILL
    assert not (tmp_path / "it.tgl").exists()
    assert here("backup", "it.tgl")[0] == 0
    assert [path.name for path in tmp_path.glob("it.tgl*")] == ["it.tgl"]


def test_a_file_that_is_no_backup_leaves_no_new_database(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "bad.tgl").write_text("no backup")
    assert run("restore", "bad.tgl")[0] == 1
    assert run("restore", "missing.tgl")[0] == 1
    assert not (tmp_path / "data").exists()


def test_a_restore_that_is_killed_leaves_the_database_as_it_was(
    here: Run, embedded: EmbeddedPostgres, tmp_path: Path
) -> None:
    here("backup", "it.tgl")
    change(embedded, "UPDATE users SET display_name = 'marked'")
    beside = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'thegitleague_restored')"
    with subprocess.Popen([*TGL_SERVER, "restore", str(tmp_path / "it.tgl"), "--replace"]) as process:
        wait_until(lambda: ask(embedded, beside))
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert ask(embedded, MARKED) == "marked"
    status, said = here("restore", "it.tgl", "--replace")
    assert status == 0, said
    assert ask(embedded, MARKED) != "marked"
    assert not ask(embedded, beside)
