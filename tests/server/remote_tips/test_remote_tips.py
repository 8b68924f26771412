"""A repository is behind while its remote has told of commits that nobody has pushed."""

from collections.abc import Mapping
from typing import Any

from tests.support.api import Api
from tests.support.commits import batch, commit, sha_of
from tests.support.database import execute, rows, rows_of_repo
from tests.support.pulls import let_pull
from tests.support.world import World, status_of
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.remote_tips.service import MAX_TIPS, record_tips

MAIN = "refs/heads/main"
SOON = "UPDATE remote_tips SET told_at = told_at - interval '1 hour', behind_since = behind_since - interval '1 hour'"


async def told(database: Database, world: World, **tips: str | None) -> None:
    """Let the remote tell where its branches are, by their short names."""
    await tell(database, world, {f"refs/heads/{name}": sha for name, sha in tips.items()})


async def tell(database: Database, world: World, tips: Mapping[str, str | None]) -> None:
    async with database.transaction() as tx:
        await record_tips(tx, RepoId(world.repo_id), tips)


async def behind(api: Api, world: World) -> Any:
    return (await status_of(api, world))["behind_since"]


async def push(api: Api, world: World, *names: str) -> None:
    answer = await api.post(f"{world.sync_path}/commits", batch(*map(commit, names)))
    assert answer.status == 201, answer.body


async def test_a_repository_is_behind_from_the_first_push_of_its_remote_until_the_commit_is_here(
    api: Api, database: Database, world: World
) -> None:
    await push(api, world, "a")
    assert await behind(api, world) is None
    await told(database, world, main=sha_of("b"))
    await execute(database, SOON)
    first = await behind(api, world)
    await told(database, world, main=sha_of("c"))
    assert first is not None
    assert await behind(api, world) == first
    await push(api, world, "b")
    assert await behind(api, world) == first
    await push(api, world, "c")
    assert await behind(api, world) is None
    await told(database, world, main=sha_of("d"))
    assert await behind(api, world) > first


async def test_a_client_that_was_faster_than_the_forge_leaves_nothing_behind(
    api: Api, database: Database, world: World
) -> None:
    await push(api, world, "a")
    await told(database, world, main=sha_of("a"))
    assert await behind(api, world) is None


async def test_a_branch_that_is_recorded_elsewhere_since_is_no_longer_behind(
    api: Api, database: Database, world: World
) -> None:
    await told(database, world, main=sha_of("rewritten"), next=sha_of("rewritten"))
    await push(api, world, "a")
    assert await behind(api, world) is not None
    for name in (MAIN, "refs/remotes/origin/next"):
        answer = await api.put(f"{world.sync_path}/refs", {"refs": {name: sha_of("a")}})
        assert answer.status == 200
    assert await behind(api, world) is None


async def test_a_branch_that_was_recorded_before_is_behind(api: Api, database: Database, world: World) -> None:
    await push(api, world, "a")
    assert (await api.put(f"{world.sync_path}/refs", {"refs": {MAIN: sha_of("a")}})).status == 200
    await told(database, world, main=sha_of("b"))
    assert await behind(api, world) is not None


async def test_a_branch_that_the_remote_deleted_is_not_missed(api: Api, database: Database, world: World) -> None:
    await told(database, world, main=sha_of("b"), gone=sha_of("c"))
    await told(database, world, main=None, gone=None)
    assert await behind(api, world) is None
    assert (await rows_of_repo(database, str(world.repo_id)))["remote_tips"] == 0


async def test_tags_and_what_is_no_commit_of_ours_are_left_out(api: Api, database: Database, world: World) -> None:
    tips = {"refs/tags/v1": sha_of("tag"), "refs/heads/a": "b" * 64, "refs/heads/b": "B" * 40, "main": sha_of("a")}
    hostile = {"refs/heads/\0": sha_of("a"), f"refs/heads/{'x' * 2000}": sha_of("a"), "refs/heads/\ud800": sha_of("a")}
    await tell(database, world, tips | hostile)
    assert await behind(api, world) is None
    many = {f"refs/heads/{n}": sha_of(n) for n in range(MAX_TIPS + 9)}
    await tell(database, world, many)
    assert (await rows_of_repo(database, str(world.repo_id)))["remote_tips"] == MAX_TIPS


async def test_what_has_arrived_is_forgotten_by_the_next_push(database: Database, api: Api, world: World) -> None:
    await told(database, world, main=sha_of("a"), next=sha_of("b"))
    await push(api, world, "a")
    await told(database, world, other=sha_of("c"))
    names = await rows(database, "SELECT name FROM remote_tips ORDER BY name")
    assert [row.name for row in names] == ["refs/heads/next", "refs/heads/other"]


async def test_a_pulled_repository_is_never_behind(api: Api, database: Database, world: World) -> None:
    await told(database, world, main=sha_of("a"))
    await let_pull(database, world)
    assert await behind(api, world) is None
