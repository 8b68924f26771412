"""The disk of the mirrors: what nobody needs is deleted, what is pulled stays, and a full one stops the claims."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from structlog.testing import capture_logs

from tests.support.database import count, execute, until_query
from tests.support.disks import with_free_bytes
from tests.support.forge import Forge
from tests.support.histories import add_commits
from tests.support.pulls import Hanging, ask, claimed, let_pull, pull, run_of
from tests.support.waiting import until
from tests.support.world import add_world
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.projects.service import delete_repo
from tgl_server.pull import cleaning, upkeep, worker
from tgl_server.pull.cleaning import MOST_PACKS, clean_mirrors
from tgl_server.pull.mirrors import mirror_of, mirrors_folder, this_host
from tgl_server.pull.pulling import Pull
from tgl_server.pull.worker import Worker
from tgl_server.remotes import locked, repack, size_of
from tgl_server.settings import Settings

MEBIBYTE = 1024 * 1024


def packs_of(mirror: Path) -> list[str]:
    return sorted(path.name for path in mirror.glob("objects/pack/*.pack"))


def add_mirror(settings: Settings, repo_id: RepoId) -> Path:
    """A mirror of a mebibyte, with one pack."""
    mirror = mirror_of(settings, repo_id)
    (mirror / "objects" / "pack").mkdir(parents=True)
    (mirror / "objects" / "pack" / "pack-1.pack").write_bytes(b"x" * MEBIBYTE)
    return mirror


async def add_pulled(database: Database, settings: Settings, number: int) -> Path:
    """The mirror of a repository that this host pulled so many hours ago."""
    repo_id = await let_pull(database, await add_world(database, project=f"p{number}"))
    await execute(
        database,
        "INSERT INTO repo_pulls (repo_id, mirror_host, mirrored_at) "
        "VALUES (:id, :host, now() - make_interval(hours => :number))",
        id=repo_id,
        host=this_host(),
        number=number,
    )
    return add_mirror(settings, repo_id)


async def test_the_source_of_a_deleted_repository_is_deleted_as_a_worker_starts(
    database: Database, settings: Settings, repo: RepoId
) -> None:
    assert (await pull(database, settings, repo))["state"] == "done"
    other = await add_pulled(database, settings, 1)
    async with database.transaction() as tx:
        await delete_repo(tx, repo, Actor(), FOLLOWERS)
    stop = asyncio.Event()
    task = asyncio.create_task(Worker(database, settings, 1).run(stop))
    await until(lambda: not mirror_of(settings, repo).exists())
    stop.set()
    await task
    assert other.exists()


async def test_the_source_of_a_repository_that_clients_push_to_by_now_is_deleted(
    database: Database, settings: Settings, repo: RepoId
) -> None:
    await pull(database, settings, repo)
    await clean_mirrors(database, settings)
    assert mirror_of(settings, repo).exists()
    await execute(database, "UPDATE repos SET sync_method = 'push_client'")
    await clean_mirrors(database, settings)
    assert [path.name for path in mirrors_folder(settings).iterdir()] == [f"{repo}.git.lock"]


async def test_what_is_no_mirror_stays_and_what_a_killed_worker_left_goes(
    database: Database, settings: Settings
) -> None:
    folder = mirrors_folder(settings)
    (folder / "mine.git").mkdir(parents=True)
    (folder / f"{uuid4()}.git.{uuid4().hex}.deleted" / "objects").mkdir(parents=True)
    await clean_mirrors(database, settings)
    assert [path.name for path in folder.iterdir()] == ["mine.git"]


async def test_over_the_quota_those_that_were_pulled_least_recently_go(database: Database, settings: Settings) -> None:
    mirrors = [await add_pulled(database, settings, hours) for hours in (3, 1, 4, 2)]
    await clean_mirrors(database, msgspec.structs.replace(settings, pull_mirrors_bytes=0))
    assert all(mirror.exists() for mirror in mirrors)
    quota = size_of(mirrors[0]) * 5 // 2
    await clean_mirrors(database, msgspec.structs.replace(settings, pull_mirrors_bytes=quota))
    assert [mirror.exists() for mirror in mirrors] == [False, True, False, True]


async def test_a_mirror_that_is_being_pulled_outlives_every_quota(
    database: Database, settings: Settings, repo: RepoId, hanging: Hanging
) -> None:
    small = msgspec.structs.replace(settings, pull_mirrors_bytes=1)
    run_id = await ask(database, repo)
    pulling = asyncio.create_task(Pull(database, small, await claimed(database, repo)).run())
    await until(lambda: hanging.is_asked)
    await clean_mirrors(database, small)
    assert mirror_of(settings, repo).exists()
    hanging.go_on()
    await pulling
    assert (await run_of(database, run_id))["state"] == "done"
    reading = await ask(database, repo)
    assert (await claimed(database, repo)).run_id == reading
    await clean_mirrors(database, small)
    assert mirror_of(settings, repo).exists()


async def test_many_packs_become_one_and_the_next_pull_goes_on_with_it(
    database: Database, settings: Settings, repo: RepoId, forge: Forge, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "REPACKED_PACKS", 1)
    mirror = mirror_of(settings, repo)
    for commits in (0, 1):
        add_commits(source, commits)
        forge.update(source)
        assert (await pull(database, settings, repo))["state"] == "done"
    assert len(packs_of(mirror)) == 2
    await clean_mirrors(database, settings)
    assert len(packs_of(mirror)) == 1
    add_commits(source, 1)
    forge.update(source)
    assert (await pull(database, settings, repo))["inserted"] == 1
    assert await count(database, "commits") == 5


async def test_a_mirror_that_is_wanted_is_not_repacked_and_is_free_at_once(
    database: Database, settings: Settings, repo: RepoId
) -> None:
    await pull(database, settings, repo)
    mirror = mirror_of(settings, repo)
    before, asked = packs_of(mirror), []

    async def wanted_after_a_while() -> bool:
        asked.append(1)
        return len(asked) > 1

    async def wanted() -> bool:
        return True

    minute = timedelta(minutes=1)
    assert not await repack(mirror, wanted, max_bytes=2**30, deadline=minute)
    async with locked(mirror, patience_seconds=0):
        assert not await repack(mirror, wanted_after_a_while, max_bytes=2**30, deadline=minute)
    assert (packs_of(mirror), asked) == (before, [])
    assert not await repack(mirror, wanted_after_a_while, max_bytes=2**30, deadline=timedelta())
    assert list(mirror.glob("objects/**/tmp_*")) == []
    async with locked(mirror, patience_seconds=0):
        pass


async def test_a_mirror_with_too_many_packs_is_fetched_anew(
    database: Database, settings: Settings, repo: RepoId
) -> None:
    await pull(database, settings, repo)
    packs = mirror_of(settings, repo) / "objects" / "pack"
    for number in range(MOST_PACKS + 1):
        (packs / f"pack-{number}.pack").touch()
    await clean_mirrors(database, settings)
    assert not mirror_of(settings, repo).exists()
    assert (await pull(database, settings, repo))["state"] == "done"


async def test_a_mirror_that_has_become_too_large_is_fetched_anew(
    database: Database, settings: Settings, repo: RepoId, forge: Forge, source: Path
) -> None:
    assert (await pull(database, settings, repo))["state"] == "done"
    add_commits(source, 1)
    forge.update(source)
    run = await pull(database, msgspec.structs.replace(settings, pull_max_bytes=1), repo)
    assert (run["state"], "PULL_MAX_BYTES" in run["error_message"]) == ("failed", True)
    assert not mirror_of(settings, repo).exists()
    assert (await pull(database, settings, repo))["state"] == "done"


async def test_below_its_floor_of_free_bytes_a_worker_claims_nothing_and_says_so_once(
    database: Database, settings: Settings, repo: RepoId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(upkeep, "SEEN_SECONDS", 0.05)
    with_free_bytes(monkeypatch, settings.pull_min_free_bytes - 1)
    run_id, stop = await ask(database, repo), asyncio.Event()
    with capture_logs() as lines:
        task = asyncio.create_task(Worker(database, settings, 1).run(stop))
        await until_query(database, "SELECT count(*) = 1 FROM pull_workers WHERE disk_free = 1073741823")
        await until_query(database, "SELECT count(*) = 1 FROM pull_workers WHERE seen_at > started_at")
        assert [line["event"] for line in lines].count("disk_full") == 1
        assert ((await run_of(database, run_id))["state"], await count(database, "commits")) == ("queued", 0)
        with_free_bytes(monkeypatch, settings.pull_min_free_bytes)
        await until_query(database, "SELECT state = 'done' FROM sync_runs WHERE id = :id", id=run_id)
        stop.set()
        await task
