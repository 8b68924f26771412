"""Activity and contributors over HTTP: by day, week and month, by rank, in pages, and as files."""

import csv
import io
import itertools
from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.sums import until_followed
from tests.support.world import World
from tgl_protocol.activity import ContributorPeriod
from tgl_server.access.ids import RepoId
from tgl_server.activity.calendar import first_day
from tgl_server.activity.reading import Wanted, list_contributors
from tgl_server.db.engine import Database

TODAY = datetime.now(UTC)


def at(day: str, **fields: Any) -> dict[str, Any]:
    """A commit of a day, named for its date and author."""
    fields = {"additions": 10, "deletions": 4, "files_changed": 2, **fields}
    return commit(f"{day} {fields}", author_date=f"{day}T12:00:00Z", **fields)


def by(name: str, days_ago: int = 0, **fields: Any) -> dict[str, Any]:
    """A commit by an author, some days before today."""
    day = f"{TODAY - timedelta(days=days_ago):%Y-%m-%d}"
    return at(day, **{"author_name": name.title(), "author_email": f"{name}@example.com", **fields})


def path(world: World, what: str, query: str = "") -> str:
    return f"/api/v1/projects/{world.project}/repos/{world.repo}/{what}?{query}"


async def push(api: Api, world: World, database: Database, *commits: dict[str, Any]) -> None:
    answer = await api.post(f"{world.sync_path}/commits", batch(*commits))
    assert answer.status == 201, answer.body
    await until_followed(database)


async def read(api: Api, world: World, what: str, query: str = "") -> Any:
    answer = await api.get(path(world, what, query))
    assert answer.status == 200, answer.body
    return answer.json


async def test_days_without_a_commit_are_zeros(api: Api, world: World, database: Database) -> None:
    merge = at("2026-01-03", is_merge=True)
    await push(api, world, database, at("2026-01-01"), at("2026-01-03"), at("2026-01-03", additions=1), merge)
    found = await read(api, world, "activity", "since=2025-12-31&until=2026-01-05")
    assert (found["by"], found["since"], found["until"]) == ("day", "2025-12-31", "2026-01-05")
    assert [tuple(item.values()) for item in found["items"]] == [
        ("2025-12-31", 0, 0, 0, 0, 0),
        ("2026-01-01", 1, 0, 10, 4, 2),
        ("2026-01-02", 0, 0, 0, 0, 0),
        ("2026-01-03", 2, 1, 11, 8, 4),
        ("2026-01-04", 0, 0, 0, 0, 0),
    ]


async def test_weeks_and_months_are_whole(api: Api, world: World, database: Database) -> None:
    await push(api, world, database, at("2026-01-04"), at("2026-01-05"), at("2026-01-31"), at("2026-03-01"))
    weeks = await read(api, world, "activity", "by=week&since=2026-01-07&until=2026-01-14")
    assert [(item["start"], item["commits"]) for item in weeks["items"]] == [("2026-01-05", 1), ("2026-01-12", 0)]
    months = await read(api, world, "activity", "by=month&since=2026-01-15&until=2026-03-02")
    assert [(item["start"], item["commits"], item["additions"]) for item in months["items"]] == [
        ("2026-01-01", 3, 30), ("2026-02-01", 0, 0), ("2026-03-01", 1, 10),
    ]  # fmt: skip
    assert months["until"] == "2026-04-01"


async def test_a_commit_counts_on_the_utc_day_of_its_author_date(api: Api, world: World, database: Database) -> None:
    late = commit("late", author_date="2026-01-01T23:30:00-02:00", commit_date="2026-02-01T00:00:00Z")
    await push(api, world, database, late)
    found = await read(api, world, "activity", "since=2026-01-01&until=2026-01-03")
    assert [item["commits"] for item in found["items"]] == [0, 1]


async def test_the_last_year_is_shown_unless_asked_otherwise(api: Api, world: World, database: Database) -> None:
    await push(api, world, database, by("ada"), by("ada", 364), by("ada", 370))
    found = await read(api, world, "activity")
    assert len(found["items"]) in (365, 366)  # midnight may pass meanwhile
    assert sum(item["commits"] for item in found["items"]) == 2


@pytest.mark.parametrize(
    "query",
    [
        "by=year", "by=", "since=yesterday", "until=", "since=2026-02-30", "since=2026-01-02&until=2026-01-02",
        "since=0001-01-01", "until=9999-12-31", "since=2026-01-01T00:00:00Z", "format=xml", "since=%00", "format=null",
    ],
)  # fmt: skip
async def test_activity_that_cannot_be_asked_for_is_refused(api: Api, world: World, query: str) -> None:
    answer = await api.get(path(world, "activity", query))
    assert (answer.status, answer.json["code"]) == (422, "invalid_parameter")


@pytest.mark.parametrize(
    "query",
    [
        "period=1d", "order=name", "merges=maybe", "limit=201", "format=null", "cursor=x",
        "cursor=" + urlsafe_b64encode(b'[9223372036854775808, "x"]').decode(),
    ],
)  # fmt: skip
async def test_contributors_that_cannot_be_asked_for_are_refused(api: Api, world: World, query: str) -> None:
    answer = await api.get(path(world, "contributors", query))
    assert (answer.status, answer.json["code"]) == (422, "invalid_parameter")


async def test_what_has_no_commits_shows_zeros_and_nobody(api: Api, world: World) -> None:
    assert {item["commits"] for item in (await read(api, world, "activity"))["items"]} == {0}
    for period in ("30d", "all"):
        found = await read(api, world, "contributors", f"period={period}")
        assert (found["items"], found["next_cursor"]) == ([], None)


async def people(api: Api, world: World, query: str) -> list[tuple[Any, ...]]:
    found = await read(api, world, "contributors", query)
    return [(item["rank"], item["author_name"], item["commits"]) for item in found["items"]]


async def test_contributors_are_ranked_within_a_period(api: Api, world: World, database: Database) -> None:
    await push(
        api,
        world,
        database,
        *(by("ada", days) for days in (1, 2, 40, 100, 400)),
        *(by("ben", days) for days in (1, 3)),
        *(by("cleo", days) for days in (3, 80, 81)),
    )
    assert await people(api, world, "period=30d") == [(1, "Ada", 2), (1, "Ben", 2), (3, "Cleo", 1)]
    assert await people(api, world, "period=90d") == [(1, "Ada", 3), (1, "Cleo", 3), (3, "Ben", 2)]
    assert await people(api, world, "period=year") == [(1, "Ada", 4), (2, "Cleo", 3), (3, "Ben", 2)]
    assert await people(api, world, "") == [(1, "Ada", 5), (2, "Cleo", 3), (3, "Ben", 2)]


async def test_contributors_are_ranked_by_what_is_asked_for(api: Api, world: World, database: Database) -> None:
    few = by("ada", 9, additions=1000), by("ben", 1)
    many = [by("cleo", 5, additions=0, deletions=n) for n in range(4)]
    await push(api, world, database, *few, *many, by("ben", 2))
    for period in ("90d", "all"):
        order = {}
        for key in ("commits", "lines", "days", "recent"):
            found = await people(api, world, f"order={key}&period={period}")
            order[key] = [name for _, name, _ in found]
        assert order == {
            "commits": ["Cleo", "Ben", "Ada"],
            "lines": ["Ada", "Ben", "Cleo"],
            "days": ["Ben", "Ada", "Cleo"],
            "recent": ["Ben", "Cleo", "Ada"],
        }


@pytest.mark.parametrize("period", ["90d", "all"])
async def test_merges_count_when_they_are_asked_for(api: Api, world: World, database: Database, period: str) -> None:
    merges = [by("ben", days, is_merge=True) for days in (4, 9)]
    await push(api, world, database, by("ada", 5), by("ada", 2, is_merge=True), *merges)
    (ada,) = (await read(api, world, "contributors", f"period={period}"))["items"]
    first = f"{TODAY - timedelta(days=5):%Y-%m-%d}"
    assert (ada["commits"], ada["additions"], ada["days"]) == (1, 10, 1)
    assert (ada["first_day"], ada["last_day"]) == (first, first)
    ada, ben = (await read(api, world, "contributors", f"period={period}&merges=true"))["items"]
    assert (ada["rank"], ada["commits"], ada["additions"], ada["days"]) == (1, 2, 10, 2)
    assert (ada["first_day"], ada["last_day"]) == (first, f"{TODAY - timedelta(days=2):%Y-%m-%d}")
    assert (ben["rank"], ben["commits"], ben["additions"], ben["days"]) == (1, 2, 0, 2)
    assert ben["first_day"] == f"{TODAY - timedelta(days=9):%Y-%m-%d}"


async def test_a_contributor_has_the_name_of_their_last_commit(api: Api, world: World, database: Database) -> None:
    await push(api, world, database, by("ada", 50), by("ada", 1, author_name="Countess"), by("ada", 20))
    assert await people(api, world, "period=30d") == [(1, "Countess", 2)]
    assert await people(api, world, "") == [(1, "Countess", 3)]


@pytest.mark.parametrize("period", ["year", "all"])
async def test_pages_hold_each_contributor_once(api: Api, world: World, database: Database, period: str) -> None:
    authors = [f"{letter}{number}" for letter in "ab" for number in range(6)]
    await push(api, world, database, *(by(name, days) for name in authors for days in range(1 + (name[0] == "b"))))
    found: list[tuple[int, str]] = []
    cursor = ""
    for _ in range(10):
        page = await read(api, world, "contributors", f"period={period}&limit=5{cursor}")
        found += [(item["rank"], item["author_name"].lower()) for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == [(1, f"b{n}") for n in range(6)] + [(7, f"a{n}") for n in range(6)]


async def test_activity_is_a_file_too(api: Api, world: World, database: Database) -> None:
    await push(api, world, database, at("2026-01-02"))
    answer = await api.get(path(world, "activity", "since=2026-01-01&until=2026-01-03&format=csv"))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="activity.csv"'
    assert answer.body.decode().splitlines() == [
        "start,commits,merges,additions,deletions,files_changed",
        "2026-01-01,0,0,0,0,0",
        "2026-01-02,1,0,10,4,2",
    ]
    by_header = await api.get(path(world, "activity"), headers={"Accept": "text/csv"})
    assert by_header.headers["Content-Type"].startswith("text/csv")


async def test_no_contributor_in_a_file_is_a_formula(api: Api, world: World, database: Database) -> None:
    evil = commit(
        "evil", author_name='=HYPERLINK("http://x")', author_email="@sum(1)", author_date="2026-01-02T00:00:00Z"
    )
    await push(api, world, database, evil, *(by(f"a{n}") for n in range(60)))
    answer = await api.get(path(world, "contributors", "format=csv"))
    table = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
    (row,) = [row for row in table if "sum" in row["author_email"]]
    assert (row["author_name"], row["author_email"]) == ('\'=HYPERLINK("http://x")', "'@sum(1)")
    assert (row["commits"], row["first_day"], len(table)) == ("1", "2026-01-02", 61)


@pytest.mark.parametrize("merges", [False, True])
async def test_a_period_counts_its_days_wherever_months_begin(
    api: Api, world: World, database: Database, merges: bool
) -> None:
    first = date(2024, 11, 20)
    days = [first + timedelta(days=number * 3) for number in range(200)]
    commits = [at(f"{day}", is_merge=number % 7 == 0, additions=number) for number, day in enumerate(days)]
    await push(api, world, database, *commits)
    counted = [(day, number) for number, day in enumerate(days) if merges or number % 7]
    ends = [
        date(2025, 12, 31),
        date(2026, 1, 1),
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 1),
        date(2026, 3, 2),
    ]
    for today, period in itertools.product(ends, ContributorPeriod):
        since = first_day(period, today)
        if since is None:
            continue
        within = [(day, number) for day, number in counted if since <= day <= today]
        async with database.statements() as connection:
            page = await list_contributors(
                connection,
                RepoId(world.repo_id),
                Wanted(period=period, merges=merges),
                viewer=uuid4(),
                today=today,
                limit=5,
                cursor=None,
            )
        (found,) = page.items
        lines = sum(number for _, number in within if number % 7)
        assert (found.commits, found.days, found.additions) == (len(within), len(within), lines), (today, period)
        assert (found.first_day, found.last_day) == (within[0][0], within[-1][0]), (today, period)
