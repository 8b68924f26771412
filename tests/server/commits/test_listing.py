"""Listing stored commits: filters, pages, and plans that use the indexes."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.api import Api
from tests.support.commits import batch, commit, sha_of
from tests.support.world import World
from tgl_server.access.ids import RepoId
from tgl_server.access.names import Names
from tgl_server.commits.queries import CommitFilter, CommitSort, SortOrder
from tgl_server.commits.service import list_commits
from tgl_server.db.engine import Database
from tgl_server.http.pagination import encode_cursor


async def stored(api: Api, world: World, *commits: dict[str, Any]) -> None:
    answer = await api.post(f"{world.sync_path}/commits", batch(*commits))
    assert answer.status == 201, answer.body


def listing(world: World, query: str = "") -> str:
    return f"/api/v1/projects/{world.project}/repos/{world.repo}/commits?{query}"


async def titles(api: Api, world: World, query: str = "") -> list[str]:
    answer = await api.get(listing(world, query))
    assert answer.status == 200, answer.body
    return [item["message_title"] for item in answer.json["items"]]


def on_day(day: int, **fields: Any) -> dict[str, Any]:
    return commit(day, commit_date=f"2026-01-{day:02}T12:00:00Z", message_title=str(day), **fields)


async def test_a_commit_is_answered_as_it_is_kept(api: Api, world: World) -> None:
    sent = commit(
        sha=sha_of("one").upper(),
        author_email="ADA@Example.COM",
        author_date="2026-01-01T00:00:00",
        message_body="why",
        parents=[sha_of("zero").upper()],
    )
    await stored(api, world, sent)
    (item,) = (await api.get(listing(world))).json["items"]
    assert item == {
        **sent,
        "sha": sha_of("one"),
        "author_email": "ada@example.com",
        "author_date": "2026-01-01T00:00:00Z",
        "commit_date": "2026-01-02T11:00:00Z",
        "parents": [sha_of("zero")],
        "ingested_at": item["ingested_at"],
        "generated_additions": None,
        "generated_deletions": None,
        "generated_rules": None,
    }


async def test_commits_come_newest_first_and_only_the_repository_s_own(api: Api, world: World) -> None:
    await stored(api, world, on_day(2), on_day(9), on_day(5))
    other = f"/api/v1/projects/{world.project}/repos"
    await api.post(other, {"name": "other"})
    await api.post(f"/api/v1/sync/projects/{world.project}/repos/other/commits", batch(on_day(7)))
    assert await titles(api, world) == ["9", "5", "2"]


async def test_an_author_is_found_in_any_case_and_by_the_whole_address(api: Api, world: World) -> None:
    await stored(api, world, on_day(1), on_day(2, author_email="Ben+X@example.com"), on_day(3, author_email=""))
    assert await titles(api, world, f"author={quote('BEN+x@Example.com')}") == ["2"]
    assert await titles(api, world, "author=ada") == []
    assert await titles(api, world, "author=%25") == []
    assert await titles(api, world, "author=") == ["3"]


async def test_since_is_included_and_until_is_not(api: Api, world: World) -> None:
    await stored(api, world, *(on_day(day) for day in range(1, 6)))
    assert await titles(api, world, "since=2026-01-02T12:00:00Z&until=2026-01-04T12:00:00Z") == ["3", "2"]
    assert await titles(api, world, "since=2026-01-02T12:00:00.000001Z&until=2026-01-04") == ["3"]
    assert await titles(api, world, "since=2026-01-05T13:00:00%2B01:00&author=ADA@example.com") == ["5"]


async def test_a_time_without_a_zone_is_utc(api: Api, world: World) -> None:
    await stored(api, world, on_day(1), on_day(2))
    assert await titles(api, world, "since=2026-01-01T12:00:00&until=2026-01-02T12:00:00") == ["1"]


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday", "until=", "since=2026-13-01", "since=0001-01-01T00:00:00%2B14:00", "until=%00", "author=%00",
        "since=9999-12-31T23:59:59-14:00", "since=2026-01-02T12:00:00+01:00", "limit=0", "limit=501", "limit=-1",
        "cursor=x", "cursor=WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwiQUEiXQ", "author=" + "x" * 321,
    ],
)  # fmt: skip
async def test_a_query_that_does_not_validate_is_refused(api: Api, world: World, query: str) -> None:
    answer = await api.get(listing(world, query))
    assert (answer.status, answer.json["code"]) == (422, "invalid_parameter")


async def test_what_is_at_the_ends_of_time_can_be_asked_for(api: Api, world: World) -> None:
    await stored(api, world, on_day(1))
    assert await titles(api, world, "since=0001-01-01&until=9999-12-31T23:59:59.999999Z") == ["1"]


async def test_pages_hold_each_commit_once_while_others_come_in(api: Api, world: World) -> None:
    same_second = [commit(n, message_title=f"{n}") for n in range(25)]
    await stored(api, world, *same_second)
    expected = sorted((item["sha"] for item in same_second), reverse=True)
    found: list[str] = []
    cursor = ""
    for round_ in range(10):
        page = (await api.get(listing(world, f"limit=10{cursor}"))).json
        found += [item["sha"] for item in page["items"]]
        await stored(api, world, commit(f"newer {round_}", commit_date="2026-02-01T00:00:00Z"))
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == expected


async def test_a_cursor_keeps_its_place_when_its_commit_is_gone(api: Api, world: World, database: Database) -> None:
    await stored(api, world, *(on_day(day) for day in range(1, 7)))
    first = (await api.get(listing(world, "limit=3"))).json
    async with database.transaction() as tx:
        await tx.execute(text("DELETE FROM commits WHERE sha = :sha"), {"sha": bytes.fromhex(sha_of(4))})
    assert await titles(api, world, f"limit=3&cursor={first['next_cursor']}") == ["3", "2", "1"]


async def test_filters_hold_on_every_page(api: Api, world: World) -> None:
    await stored(api, world, *(on_day(day, author_email=f"{day % 2}@example.com") for day in range(1, 21)))
    query = "author=1@example.com&since=2026-01-05&until=2026-01-18"
    first = (await api.get(listing(world, f"{query}&limit=4"))).json
    rest = await titles(api, world, f"{query}&limit=4&cursor={first['next_cursor']}")
    assert [item["message_title"] for item in first["items"]] + rest == ["17", "15", "13", "11", "9", "7", "5"]


async def test_any_order_can_be_had_of_either_date(api: Api, world: World) -> None:
    for day in (2, 9, 5):  # each in a push, and so a moment, of its own
        await stored(api, world, on_day(day))
    assert await titles(api, world, "order=asc") == ["2", "5", "9"]
    assert await titles(api, world, "sort=ingested_at") == ["5", "9", "2"]
    assert await titles(api, world, "sort=ingested_at&order=asc") == ["2", "9", "5"]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", ["commit_date", "ingested_at"])
async def test_pages_in_any_order_hold_each_commit_once(api: Api, world: World, sort: str, order: str) -> None:
    sent = [commit(n, commit_date=f"2026-01-{1 + n % 7:02}T00:00:00Z") for n in range(25)]
    for start in (0, 10, 20):
        await stored(api, world, *sent[start : start + 10])
    found: list[dict[str, Any]] = []
    query = f"sort={sort}&order={order}&limit=4"
    page = (await api.get(listing(world, query))).json
    while page["next_cursor"]:
        found += page["items"]
        page = (await api.get(listing(world, f"{query}&cursor={page['next_cursor']}"))).json
    found += page["items"]
    keys = [(item[sort], item["sha"]) for item in found]
    assert keys == sorted(keys, reverse=order == "desc")
    assert {item["sha"] for item in found} == {each["sha"] for each in sent}
    assert len(found) == len(sent)


async def test_a_cursor_of_another_order_is_refused(api: Api, world: World) -> None:
    await stored(api, world, *(on_day(day) for day in range(1, 7)))
    orders = ["", "order=asc&", "sort=ingested_at&", "sort=ingested_at&order=asc&"]
    for made_by in orders:
        cursor = (await api.get(listing(world, f"{made_by}limit=2"))).json["next_cursor"]
        statuses = [(await api.get(listing(world, f"{used_by}cursor={cursor}"))).status for used_by in orders]
        assert statuses == [200 if used_by == made_by else 422 for used_by in orders]


async def test_merges_can_be_had_alone_or_left_out(api: Api, world: World) -> None:
    await stored(api, world, *(on_day(day, is_merge=day % 3 == 0) for day in range(1, 8)))
    assert await titles(api, world, "is_merge=true") == ["6", "3"]
    assert await titles(api, world, "is_merge=false&until=2026-01-05") == ["4", "2", "1"]
    refused = await api.get(listing(world, "is_merge=null"))
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "is_merge")


async def test_the_total_is_told_where_it_costs_nothing(api: Api, world: World) -> None:
    await stored(api, world, *(on_day(day) for day in range(1, 8)))
    first = (await api.get(listing(world, "limit=2&sort=ingested_at"))).json
    assert first["total"] == 7
    for query in ("author=ada@example.com", "since=2026-01-01", "until=2026-02-01", "is_merge=false"):
        assert (await api.get(listing(world, query))).json["total"] is None


async def test_one_commit_is_found_by_its_sha(api: Api, world: World) -> None:
    await stored(api, world, on_day(1), on_day(2))
    one = listing(world).removesuffix("?")
    (item,) = (await api.get(listing(world, "until=2026-01-02"))).json["items"]
    for sha in (sha_of(1), sha_of(1).upper()):
        found = await api.get(f"{one}/{sha}")
        assert (found.status, found.json) == (200, item)


@pytest.mark.parametrize(
    ("sha", "status", "code"),
    [
        (sha_of("unknown"), 404, "not_found"),
        (sha_of(1)[:10], 422, "invalid_parameter"),
        ("g" * 40, 422, "invalid_parameter"),
        (" ".join("a" * 20), 422, "invalid_parameter"),
    ],
)
async def test_what_is_no_commit_of_the_repository_is_refused(
    api: Api, world: World, sha: str, status: int, code: str
) -> None:
    await stored(api, world, on_day(1))
    refused = await api.get(f"{listing(world).removesuffix('?')}/{sha}")
    assert (refused.status, refused.json["code"]) == (status, code)


async def test_a_commit_of_another_repository_is_not_shown(api: Api, world: World) -> None:
    await stored(api, world, on_day(1))
    await api.post(f"/api/v1/projects/{world.project}/repos", {"name": "other"})
    other = f"/api/v1/projects/{world.project}/repos/other/commits/{sha_of(1)}"
    assert (await api.get(other)).status == 404


COPIES = text("""
    INSERT INTO commits (repo_id, sha, author_name, author_email, committer_name, committer_email, author_date,
                         commit_date, ingested_at, message_title, additions, deletions, files_changed, is_merge,
                         parent_count)
    SELECT :repo_id, decode(md5(CAST(n AS text)) || '00000000', 'hex'), '', n % 50 || '@example.com', '', '', at, at,
           timestamptz '2026-06-01Z' + n / 10 * interval '1 second', '', 0, 0, 0, n % 1000 = 0, 1
    FROM generate_series(1, 20000) AS n, LATERAL (SELECT timestamptz '2026-01-01Z' + n * interval '1 minute' AS at) t
""")


READ = text("SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'commits'")


# More often than PostgreSQL plans a prepared statement anew for its values.
TIMES = 8

START, END = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 14, tzinfo=UTC)
STORED = datetime(2026, 6, 1, 0, 10, tzinfo=UTC)
BY_STORING = {"sort": CommitSort.INGESTED_AT}
FORWARDS = {"order": SortOrder.ASC}
AUTHOR, SPAN = {"author": "7@example.com"}, {"since": START, "until": END}


@pytest.mark.parametrize(
    ("filters", "how"),
    [
        ({}, {}),
        (AUTHOR, {}),
        (AUTHOR | SPAN, {}),
        ({}, {"cursor": encode_cursor(END, bytes(20))}),
        (AUTHOR | SPAN, {"cursor": encode_cursor(END, bytes(20))}),
        ({"is_merge": True}, {}),
        ({"is_merge": False}, {}),
        ({}, FORWARDS),
        (AUTHOR | SPAN, FORWARDS | {"cursor": encode_cursor(START, bytes(20), "commit_date", "asc")}),
        ({}, BY_STORING),
        ({}, BY_STORING | FORWARDS | {"cursor": encode_cursor(STORED, bytes(20), "ingested_at", "asc")}),
        ({"is_merge": True}, FORWARDS),
    ],
)
async def test_a_page_reads_little_more_than_it_shows(
    world: World, database: Database, filters: dict[str, Any], how: dict[str, Any]
) -> None:
    """Of merges there are twenty, and no index but their own begins with them."""
    async with database.transaction() as tx:
        await tx.execute(COPIES, {"repo_id": world.repo_id})
        await tx.execute(text("ANALYZE commits"))
        before = (await tx.execute(READ)).one()
        for _ in range(TIMES):
            page = await list_commits(
                await tx.connection(),
                RepoId(world.repo_id),
                CommitFilter(**filters),
                Names(),
                **{"cursor": None, "limit": 20} | how,
            )
            assert len(page.items) == 20
        after = (await tx.execute(READ)).one()
    assert after.seq_scan == before.seq_scan
    assert after.idx_tup_fetch - before.idx_tup_fetch <= TIMES * 100


async def test_a_repository_that_one_may_not_see_lists_nothing(api: Api, world: World) -> None:
    answer = await api.get(listing(World(world.user_id, world.project_id, "other", world.repo_id, world.repo, "")))
    assert (answer.status, answer.json["code"]) == (404, "project_not_found")
    assert (await api.get(listing(world).replace(world.repo, str(UUID(int=0))))).status == 404
