"""Who wrote how much, and when, on the pages of a repository and as files."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.commits import batch, commit
from tests.support.database import execute
from tests.support.pages import counted_pages
from tests.support.people import Person, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.sums import until_followed
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database

LINUX = "/projects/team/repos/linux"
HOSTILE = "=cmd()<img src=x onerror=alert(1)>\u202e"
AUTHORS = """
    WITH author AS (SELECT repo_id, n || '@example.com' AS email FROM repo_states, generate_series(1, 60) n), days AS (
        INSERT INTO author_days (repo_id, day, author_email, commits, merges, additions, deletions, files_changed)
        SELECT repo_id, current_date, email, 1, 0, 1, 1, 1 FROM author
    )
    INSERT INTO author_totals (repo_id, author_email, author_name, commits, merges, additions, deletions, files_changed,
                               days, first_day, last_day, all_days, all_first_day, last_at)
    SELECT repo_id, email, 'A', 1, 0, 1, 1, 1, 1, current_date, current_date, 1, current_date, now()
    FROM author
"""


def by(name: str, number: int = 1, days_ago: int = 0, **fields: Any) -> dict[str, Any]:
    """A commit by an author, some days before today."""
    day = datetime.now(UTC) - timedelta(days=days_ago)
    who = {"author_name": name.title(), "author_email": f"{name}@example.com"}
    return commit(f"{name} {number}", author_date=f"{day:%Y-%m-%d}T12:00:00Z", **{**who, **fields})


@pytest.fixture
async def linux(ada: Person) -> Person:
    """Ada, with a repository."""
    await make_repo(ada, await make_project(ada))
    return ada


async def push(person: Person, database: Database, *commits: dict[str, Any]) -> None:
    assert (await person.post("/sync/projects/team/repos/linux/commits", batch(*commits))).status == 201
    await until_followed(database)


async def show(visitor: Visitor, path: str, status: int = 200) -> str:
    answer = await visitor.get(LINUX + path)
    assert answer.status == status, answer.body
    return answer.body.decode().partition('id="main"')[2]


async def test_equal_contributors_share_a_rank_and_the_next_is_empty(
    ada_visitor: Visitor, linux: Person, database: Database
) -> None:
    counts = {"ada": 3, "grace": 2, "linus": 2, "ken": 1}
    await push(linux, database, *(by(name, n) for name, count in counts.items() for n in range(count)))
    page = await show(ada_visitor, "/people")
    assert re.findall(r'data-head="Rank">(\d+)<', page) == ["1", "2", "2", "4"]
    assert re.findall(r"<b><bdi>(\w+)<", page) == ["Ada", "Grace", "Linus", "Ken"]


async def test_a_person_has_the_name_of_their_last_commit_and_a_mark_for_each_week(
    ada_visitor: Visitor, linux: Person, database: Database
) -> None:
    await push(linux, database, by("ada", 1, 14, author_name="Ada King"), by("ada", 2, author_name="Ada Lovelace"))
    page = await show(ada_visitor, "/people")
    assert ("Ada Lovelace" in page, "Ada King" in page) == (True, False)
    assert 'aria-label="Commits in each of the last 12 weeks: 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1"' in page


async def test_merges_are_left_out_unless_they_are_asked_for(
    ada_visitor: Visitor, linux: Person, database: Database
) -> None:
    await push(linux, database, by("ada"), by("merger", is_merge=True, parent_count=2))
    assert "Merger" not in (page := await show(ada_visitor, "/people"))
    assert "Merges are left out." in page
    assert "Merger" in await show(ada_visitor, "/people?merges=true")


async def test_a_period_without_anybody_says_so(ada_visitor: Visitor, linux: Person, database: Database) -> None:
    await push(linux, database, by("ada", days_ago=40))
    assert "Nobody in this time" in await show(ada_visitor, "/people?period=30d")
    assert "<b><bdi>Ada<" in await show(ada_visitor, "/people?period=90d")
    assert "<b><bdi>Ada<" in await show(ada_visitor, "/people?period=nonsense&order=nonsense")


async def test_a_repository_without_a_commit_says_when_people_appear(ada_visitor: Visitor, linux: Person) -> None:
    assert "Nobody yet" in await show(ada_visitor, "/people")
    assert "No commit yet" in await show(ada_visitor, "/activity")


async def test_a_gap_is_a_row_of_zeros_and_days_are_utc(
    ada_visitor: Visitor, linux: Person, database: Database
) -> None:
    late = commit("late", author_date="2026-01-01T23:30:00-02:00")
    await push(linux, database, late, commit("two", author_date="2026-01-04T01:00:00Z"))
    page = await show(ada_visitor, "/activity?by=day&first=2026-01-01&last=2026-01-04")
    assert re.findall(r"<title>([^<]*)</title>", page) == [
        "1 Jan 2026: 0 commits",
        "2 Jan 2026: 1 commit",
        "3 Jan 2026: 0 commits",
        "4 Jan 2026: 1 commit",
    ]
    assert "Days are UTC." in page
    assert "2 commits from 1 Jan 2026 to 4 Jan 2026, by day; the most on 2 Jan 2026: 1 commit." in page


async def test_lines_are_drawn_above_and_below(ada_visitor: Visitor, linux: Person, database: Database) -> None:
    await push(linux, database, by("ada", additions=30, deletions=7))
    page = await show(ada_visitor, "/activity?by=month&show=lines")
    assert "30 lines added and 7 deleted" in page
    assert ('class="mark-up"' in page, 'class="mark-down"' in page) == (True, True)


@pytest.mark.parametrize(
    "asked",
    ["first=x", "first=2026-02-01&last=2026-01-01", "last=9999-12-31", "by=day&first=0001-01-01", "by=year"],
)
async def test_a_range_that_is_none_is_as_if_it_were_not_there_but_refused_for_a_file(
    ada_visitor: Visitor, linux: Person, database: Database, asked: str
) -> None:
    await push(linux, database, by("ada"))
    page = await show(ada_visitor, f"/activity?{asked}")
    assert 'class="note warn' in page
    assert "1 commit from" in page
    assert (await ada_visitor.get(f"{LINUX}/activity.csv?{asked}")).status == 422


async def test_names_are_shown_as_text_and_are_no_formulas(
    ada_visitor: Visitor, linux: Person, database: Database
) -> None:
    await push(linux, database, by("ada", author_name=HOSTILE, author_email=HOSTILE))
    page = await show(ada_visitor, "/people")
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") >= 2
    answer = await ada_visitor.get(f"{LINUX}/people.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="contributors.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.body.decode()))
    assert (row["author_name"], row["author_email"]) == (f"'{HOSTILE}", f"'{HOSTILE}")


async def test_the_files_are_those_of_the_api(ada_visitor: Visitor, linux: Person, database: Database) -> None:
    await push(linux, database, by("ada"), by("grace", days_ago=60), by("grace", 2, is_merge=True, parent_count=2))
    for page, asked in (("people.csv", "period=90d&merges=true"), ("activity.csv", "by=week")):
        name = {"people.csv": "contributors"}.get(page, "activity")
        api = await linux.get(f"/projects/team/repos/linux/{name}?{asked}&format=csv")
        assert (await ada_visitor.get(f"{LINUX}/{page}?{asked}")).body == api.body


async def test_the_pages_cost_as_much_for_many_authors_as_for_one(
    linux: Person, server: RunningServer, database: Database, database_url: str
) -> None:
    await push(linux, database, by("ada"))
    async with counted_pages(database_url) as pages:
        await pages.sign_in(linux.email)
        paths = [f"{LINUX}/people", f"{LINUX}/people?period=90d", f"{LINUX}/activity?by=day"]
        one = [await pages.statements(path) for path in paths]
        await execute(database, AUTHORS)
        assert [await pages.statements(path) for path in paths] == one
        assert max(one) <= 6
