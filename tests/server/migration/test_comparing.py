"""Comparing what is stored with the mirror and with clones: what is missing, what differs, and equality in one line."""

from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from tests.support.database import execute, scalar
from tests.support.forge import Forge
from tests.support.histories import add_commits, git
from tests.support.migration import dump
from tests.support.pulls import let_pull, pull
from tests.support.repositories import random_repository
from tests.support.world import World
from tgl_protocol.comparison import Comparison
from tgl_server.access.ids import RepoId
from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.migration.comparing import Copy, compare
from tgl_server.players.erasing import erase
from tgl_server.pull.mirrors import mirror_of
from tgl_server.settings import Settings


async def with_mirror(database: Database, settings: Settings, repo: RepoId, sample: int | None = None) -> Comparison:
    return await compare(database, repo, Copy(path=mirror_of(settings, repo), is_clone=False), sample=sample)


async def with_clone(database: Database, repo: RepoId, path: Path, sample: int | None = None) -> Comparison:
    return await compare(database, repo, Copy(path=path, is_clone=True), sample=sample)


async def test_a_pulled_repository_equals_its_mirror_and_a_clone(
    database: Database, settings: Settings, world: World, forge: Forge, tmp_path: Path
) -> None:
    source = random_repository(tmp_path / "random", 200, seed=3)
    repo = await let_pull(database, world, forge.add(source))
    await pull(database, settings, repo)
    git(tmp_path, "clone", "-q", str(source), "laptop")
    before = await dump(database)
    mirror = await with_mirror(database, settings, repo)
    clone = await with_clone(database, repo, tmp_path / "laptop")
    assert await dump(database) == before
    for found in (mirror, clone):
        assert (found.is_equal, found.is_covered, found.here, found.tips) == (True, True, 200, [])
        assert found.fingerprint_here == found.fingerprint_there == mirror.fingerprint_here


async def test_what_only_one_side_has_is_named(
    database: Database, settings: Settings, repo: RepoId, source: Path, tmp_path: Path
) -> None:
    await pull(database, settings, repo)
    git(tmp_path, "clone", "-q", str(source), "laptop")
    laptop = tmp_path / "laptop"
    add_commits(laptop, 2)
    new = git(laptop, "rev-list", "main", "^origin/main").split()
    found = await with_clone(database, repo, laptop)
    assert (found.is_covered, found.only_there, found.only_there_shas) == (False, 2, sorted(new))
    assert (found.only_here, found.different, found.fingerprint_here == found.fingerprint_there) == (0, 0, False)
    lost = git(source, "rev-parse", "main")
    git(source, "update-ref", "refs/heads/main", "main~1")
    found = await with_clone(database, repo, source)
    assert (found.is_covered, found.is_equal, found.only_here_shas) == (True, False, [lost])
    assert [(tip.name, tip.here, tip.there) for tip in found.tips] == [
        ("refs/heads/main", lost, git(source, "rev-parse", "main"))
    ]


async def test_every_column_that_differs_is_counted_and_shown(
    database: Database, settings: Settings, repo: RepoId, source: Path
) -> None:
    await pull(database, settings, repo)
    tip = git(source, "rev-parse", "main")
    await execute(database, "UPDATE commits SET additions = additions + 1")
    await execute(database, "UPDATE commits SET message_title = 'another' WHERE sha = decode(:sha, 'hex')", sha=tip)
    found = await with_mirror(database, settings, repo)
    assert (found.is_covered, found.different, found.columns) == (False, 3, {"message_title": 1, "additions": 3})
    (example,) = [example for example in found.examples if example.sha == tip]
    assert example.columns["message_title"].here == "another"
    assert example.columns["message_title"].there == git(source, "log", "-1", "--format=%s", "main")


async def test_a_sample_looks_at_all_shas_and_at_some_columns(
    database: Database, settings: Settings, repo: RepoId, source: Path
) -> None:
    await pull(database, settings, repo)
    found = await with_mirror(database, settings, repo, sample=2)
    assert (found.sampled, found.is_equal, found.fingerprint_here) == (2, True, None)
    await execute(database, "UPDATE commits SET additions = additions + 1")
    assert (await with_mirror(database, settings, repo, sample=2)).different == 2
    add_commits(source, 1)
    found = await with_clone(database, repo, source, sample=100)
    assert (found.sampled, found.only_there, found.different) == (3, 1, 3)


async def test_a_damaged_copy_proves_nothing(
    database: Database, settings: Settings, repo: RepoId, source: Path, tmp_path: Path
) -> None:
    await pull(database, settings, repo)
    oldest = git(source, "rev-list", "--max-parents=0", "main")
    git(tmp_path, "clone", "-q", str(source), "laptop")
    laptop = tmp_path / "laptop"
    objects = laptop / ".git" / "objects"
    for pack in list(objects.glob("pack/*.pack")):
        data = pack.read_bytes()
        for file in objects.glob("pack/*"):
            file.unlink()
        git(laptop, "unpack-objects", "-q", stdin=data)
    (objects / oldest[:2] / oldest[2:]).unlink(missing_ok=True)
    found = await with_clone(database, repo, laptop)
    assert (found.is_covered, found.unreadable > 0) == (False, True)


async def test_a_path_without_a_repository_is_said_in_words(database: Database, repo: RepoId, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="nowhere does not exist"):
        await with_clone(database, repo, tmp_path / "nowhere")


async def test_an_erased_person_is_no_difference_and_in_no_result(
    database: Database, settings: Settings, repo: RepoId
) -> None:
    await pull(database, settings, repo)
    player, identity = uuid4(), uuid4()
    await execute(database, "INSERT INTO players (id, name, state) VALUES (:player, 'Ann', 'active')", player=player)
    known = "INSERT INTO identities (id, email, name, player_id) VALUES (:identity, 'ann@example.com', '', :player)"
    await execute(database, known, identity=identity, player=player)
    kept = (
        "INSERT INTO repo_comparisons (repo_id, requested_at, finished_at, result) VALUES (:repo, now(), now(), '{}')"
    )
    await execute(database, kept, repo=repo)
    async with database.transaction() as tx:
        assert (await erase(tx, player, COMMAND_LINE)).commits > 0
    assert await scalar(database, "SELECT count(*) FROM repo_comparisons") == 0
    found = await with_mirror(database, settings, repo)
    assert (found.is_covered, found.is_equal, found.different, found.columns) == (True, True, 0, {})
    await execute(database, "UPDATE commits SET additions = additions + 1")
    found = await with_mirror(database, settings, repo)
    assert (found.is_covered, found.different, found.columns) == (False, 3, {"additions": 3})
    assert b"ann" not in msgspec.json.encode(found).lower()
