"""The commits of one branch."""

from typing import Any

import pytest

from tests.server.commits.test_listing import listing, stored, titles
from tests.support.api import Api
from tests.support.commits import commit, sha_of
from tests.support.world import World
from tgl_server.access.ids import RepoId
from tgl_server.commits import branches
from tgl_server.db.engine import Database
from tgl_server.errors import InvalidParameter


def node(name: str, *parents: str, day: int = 1, **fields: Any) -> dict[str, Any]:
    return commit(
        sha=sha_of(name),
        parents=[sha_of(parent) for parent in parents],
        parent_count=len(parents),
        is_merge=len(parents) > 1,
        message_title=name,
        commit_date=f"2026-01-{day:02}T12:00:00Z",
        **fields,
    )


@pytest.fixture
async def history(api: Api, world: World) -> None:
    """`root - a - b - merge` on main with `c` merged in, `d` on a branch of `a`, and `other` that shares nothing.

    The dates do not follow the history: `a` is younger than all that came after it.
    """
    await stored(
        api,
        world,
        node("root", day=1),
        node("a", "root", day=20),
        node("b", "a", day=3),
        node("c", "root", day=4),
        node("merge", "b", "c", day=5),
        node("d", "a", day=6),
        node("other", day=7),
    )
    tips = {
        "refs/heads/main": "merge",
        "refs/heads/work/d": "d",
        "refs/remotes/origin/main": "b",
        "refs/heads/other": "other",
    }
    answer = await api.put(f"{world.sync_path}/refs", {"refs": {name: sha_of(tip) for name, tip in tips.items()}})
    assert answer.status == 200, answer.body


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        ("main", ["a", "merge", "c", "b", "root"]),
        ("work/d", ["a", "d", "root"]),
        ("refs/heads/work/d", ["a", "d", "root"]),
        ("refs/remotes/origin/main", ["a", "b", "root"]),
        ("other", ["other"]),
    ],
)
async def test_a_branch_is_what_its_tip_reaches(
    api: Api, world: World, history: None, branch: str, expected: list[str]
) -> None:
    assert await titles(api, world, f"branch={branch}") == expected


async def test_it_goes_together_with_the_other_filters_and_with_pages(api: Api, world: World, history: None) -> None:
    assert await titles(api, world, "branch=main&is_merge=true") == ["merge"]
    assert await titles(api, world, "branch=main&until=2026-01-05") == ["c", "b", "root"]
    assert await titles(api, world, "branch=main&order=asc&limit=2") == ["root", "b"]
    pages, query = [], "branch=main&limit=2"
    while query:
        answer = (await api.get(listing(world, query))).json
        pages.append([item["message_title"] for item in answer["items"]])
        query = f"branch=main&limit=2&cursor={answer['next_cursor']}" if answer.get("next_cursor") else ""
    assert pages == [["a", "merge"], ["c", "b"], ["root"]]


@pytest.mark.parametrize(
    ("branch", "reason"),
    [("mian", "did you mean main?"), ("refs/heads/work/e", "did you mean work/d?"), ("zzzzzz", "has this name.")],
)
async def test_an_unknown_branch_is_refused(api: Api, world: World, history: None, branch: str, reason: str) -> None:
    answer = await api.get(listing(world, f"branch={branch}"))
    assert (answer.status, answer.json["code"], answer.json["errors"][0]["field"]) == (
        422,
        "invalid_parameter",
        "branch",
    )
    assert answer.json["detail"].endswith(reason)


async def test_a_repository_without_a_branch_says_so(api: Api, world: World) -> None:
    answer = await api.get(listing(world, "branch=main"))
    assert (answer.status, "no recorded branch yet" in answer.json["detail"]) == (422, True)


async def test_half_a_branch_is_not_shown_as_a_whole_one(api: Api, world: World, history: None) -> None:
    await stored(api, world, commit(sha=sha_of("old"), message_title="old", parents=None, parent_count=1))
    answer = await api.put(f"{world.sync_path}/refs", {"refs": {"refs/heads/old": sha_of("old")}})
    assert answer.status == 200, answer.body
    answer = await api.get(listing(world, "branch=old"))
    assert (answer.status, "without their parents" in answer.json["detail"]) == (422, True)


async def test_a_branch_that_is_too_long_is_refused(
    database: Database, world: World, history: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branches, "MOST_WALKED", 4)
    async with database.statements() as connection:
        with pytest.raises(InvalidParameter, match="at most 4 commits"):
            await branches.commits_of_branch(connection, RepoId(world.repo_id), "main")
        assert len(await branches.commits_of_branch(connection, RepoId(world.repo_id), "work/d")) == 3
