"""Branches, commits and the way to a commit, on the pages of a repository."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.commits import batch, commit, numbered, sha_of
from tests.support.database import execute
from tests.support.pages import counted_pages
from tests.support.people import Person, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database

LINUX = "/projects/team/repos/linux"
HOSTILE = "<img src=x onerror=alert(1)>\u202e{{7*7}}"
COPY = """
    INSERT INTO commits (repo_id, sha, author_date, commit_date, additions, deletions, files_changed, parent_count,
                         is_merge, author_name, author_email, committer_name, committer_email, message_title)
    SELECT repo_id, sha256(CAST(n AS text) :: bytea), author_date, commit_date - n * interval '1 minute', 1, 1, 1, 1,
           false, 'A', 'a@b', 'A', 'a@b', 'copy ' || n
    FROM (SELECT * FROM commits LIMIT 1) one, generate_series(1, :count) n
"""
BRANCHES = """
    INSERT INTO repo_refs (repo_id, name, sha) SELECT repo_id, 'refs/heads/b' || lpad(CAST(n AS text), 4, '0'), sha
    FROM (SELECT * FROM commits LIMIT 1) one, generate_series(1, :count) n
"""


@pytest.fixture
async def linux(ada: Person) -> Person:
    """Ada, with a repository."""
    await make_repo(ada, await make_project(ada))
    return ada


async def push(person: Person, *commits: dict[str, Any]) -> None:
    assert (await person.post("/sync/projects/team/repos/linux/commits", batch(*commits))).status == 201


async def search(visitor: Visitor, text: str) -> str:
    answer = await visitor.get(f"{LINUX}/commits?q={quote(text)}")
    assert answer.status == 200
    return answer.body.decode().partition('id="main"')[2]


async def test_commits_are_shown_with_body_and_parents_and_all_of_it_as_text(
    ada_visitor: Visitor, linux: Person
) -> None:
    fields = {"message_body": HOSTILE, "author_name": HOSTILE, "parents": [sha_of("zero")]}
    await push(linux, commit("one", message_title=HOSTILE, **fields))
    page = await search(ada_visitor, "")
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") >= 3
    assert f"commits?q={sha_of('zero')}" in page


async def test_characters_that_hide_or_reorder_text_are_shown_by_their_numbers(
    ada_visitor: Visitor, linux: Person
) -> None:
    hidden, persian = "\u202e\u200b\x1b[2J\u2066", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    fields = {"author_name": f"Ada{hidden}", "message_body": f"two\nlines{hidden}"}
    await push(linux, commit("one", message_title=f"{persian}{hidden}", **fields))
    page = await search(ada_visitor, "")
    assert not set(page) & set("\u202e\u200b\x1b\u2066")
    shown = r"\u202e\u200b\u001b[2J\u2066"
    for text in (f"{persian}{shown}", f"Ada{shown}", f"two\nlines{shown}"):
        assert text in page


async def test_what_was_typed_into_a_field_comes_back_as_it_was(ada_visitor: Visitor, linux: Person) -> None:
    await push(linux, commit("one"))
    assert 'value="a\u202eb"' in await search(ada_visitor, "a\u202eb")


async def test_one_field_finds_by_sha_author_and_words(ada_visitor: Visitor, linux: Person) -> None:
    await push(
        linux,
        commit("one", message_title="Fix the parser", author_email="grace@example.com"),
        commit("two", message_title="Speed up the PARSER"),
        commit("three", message_title="100%_sure: a decade"),
    )
    shown = {"Fix the parser": "one", "Speed up": "two", "100%_sure": "three"}
    wanted = {
        sha_of("one")[:6].upper(): {"one"},
        sha_of("two"): {"two"},
        "author:GRACE@example.com": {"one"},
        "parser": {"one", "two"},
        "parser FIX": {"one"},
        "decade": {"three"},
        "%_": {"three"},
        "zebra": set(),
        "author:nobody@example.com": set(),
        "deadbeef": set(),
    }
    for text, names in wanted.items():
        page = await search(ada_visitor, text)
        assert {name for title, name in shown.items() if title in page} == names, text


async def test_a_range_of_utc_days_narrows_the_list_and_each_search(ada_visitor: Visitor, linux: Person) -> None:
    days = {"1": "2026-01-01T23:59:59Z", "2": "2026-01-02T00:30:00+01:00", "3": "2026-01-03T00:00:00Z"}
    await push(linux, *(commit(name, message_title=f"title {name}", commit_date=at) for name, at in days.items()))
    wanted = {
        "first=2026-01-02": ["3"],
        "last=2026-01-01": ["2", "1"],
        "first=2026-01-01&last=2026-01-01": ["2", "1"],
        "first=2026-01-01&last=2026-01-03&q=title": ["3", "1", "2"],
        "last=2026-01-02&q=title": ["1", "2"],
        "first=2026-01-03&q=author:ada@example.com": ["3"],
        "first=2027-01-01": [],
    }
    for asked, names in wanted.items():
        page = (await ada_visitor.get(f"{LINUX}/commits?{asked}")).body.decode()
        assert sorted(re.findall(r"<bdi>title (\d)</bdi>", page)) == sorted(names), asked


@pytest.mark.parametrize("asked", ["first=x", "first=2026-01-02&last=2026-01-01", "last=9999-12-31"])
async def test_a_day_that_makes_no_range_is_as_if_it_were_not_there(
    ada_visitor: Visitor, linux: Person, asked: str
) -> None:
    await push(linux, commit("one", commit_date="2026-01-02T12:00:00Z"))
    page = (await ada_visitor.get(f"{LINUX}/commits?{asked}")).body
    assert (b"Expected a day like 2026-01-02" in page, b"commit one" in page) == (True, True)


@pytest.mark.parametrize(
    "text", [HOSTILE, "\x00", "'; DROP TABLE commits; --", "🏆" * 150, "\\", "author:", "a" * 5000]
)
async def test_any_text_may_be_searched_for(ada_visitor: Visitor, linux: Person, text: str) -> None:
    await push(linux, commit("one"))
    assert "<img src=x" not in await search(ada_visitor, text)
    assert (await ada_visitor.get(f"{LINUX}/branches?q={quote(text)}")).status == 200
    assert (await ada_visitor.get(f"{LINUX}/find?sha={quote(text)}")).status == (422 if text else 200)


async def test_a_search_says_how_far_it_looked_and_goes_on_from_there(
    ada_visitor: Visitor, linux: Person, database: Database
) -> None:
    await push(linux, commit("one", message_title="needle", commit_date="2020-01-02T12:00:00Z"))
    await execute(database, COPY.replace("commit_date -", "commit_date + interval '1 year' -"), count=5010)
    page = await search(ada_visitor, "needle")
    assert "Titles of 5,000 commits were searched, back to" in page
    older = page.partition("cursor=")[2].partition('"')[0]
    found = (await ada_visitor.get(f"{LINUX}/commits?q=needle&cursor={older}")).body.decode()
    assert "Titles of 11 commits were searched" in found
    assert found.count("needle</bdi>") == 1


async def test_pages_of_commits_follow_each_other(ada_visitor: Visitor, linux: Person) -> None:
    await push(linux, *numbered(60))
    first = await search(ada_visitor, "")
    cursor = first.partition("cursor=")[2].partition('"')[0]
    second = (await ada_visitor.get(f"{LINUX}/commits?q=&cursor={cursor}")).body.decode()
    shown = [page.count('<details class="commit">') for page in (first, second)]
    assert shown == [50, 10]
    assert (await ada_visitor.get(f"{LINUX}/commits?cursor=made-up")).status == 422


async def test_branches_are_filtered_sorted_and_paged(ada_visitor: Visitor, linux: Person, database: Database) -> None:
    await push(linux, commit("one", message_title="The tip"))
    assert b"No branch yet" in (await ada_visitor.get(f"{LINUX}/branches")).body
    await execute(database, BRANCHES, count=201)
    for sort in ("name", "date"):
        first = (await ada_visitor.get(f"{LINUX}/branches?sort={sort}")).body.decode()
        cursor = first.partition("cursor=")[2].partition('"')[0]
        second = (await ada_visitor.get(f"{LINUX}/branches?sort={sort}&cursor={cursor}")).body.decode()
        assert (first.count("The tip"), second.count("The tip")) == (200, 1)
    assert (await ada_visitor.get(f"{LINUX}/branches?q=B0042")).body.count(b"The tip") == 1
    assert b"No branch fits" in (await ada_visitor.get(f"{LINUX}/branches?q=%25")).body


async def test_the_page_that_finds_a_commit_shows_the_answer(ada_visitor: Visitor, linux: Person) -> None:
    await push(linux, commit("one", message_title=HOSTILE))
    here = (await ada_visitor.get(f"{LINUX}/find?sha={sha_of('one')}")).body
    assert (b"It is here" in here, b"<img src=x" in here) == (True, False)
    unknown = (await ada_visitor.get(f"{LINUX}/find?sha=deadbeef")).body
    assert b"git branch -a --contains deadbeef" in unknown


async def test_the_pages_cost_as_much_for_many_commits_and_branches_as_for_one(
    linux: Person, server: RunningServer, database: Database, database_url: str
) -> None:
    await push(linux, commit("one"))
    asked = ["branches", "commits", "commits?q=beef", "commits?q=copy&first=2020-01-01", "find?sha=beef", "settings"]
    async with counted_pages(database_url) as pages:
        await pages.sign_in(linux.email)
        once = [await pages.statements(f"{LINUX}/{path}") for path in asked]
        await execute(database, COPY, count=60)
        await execute(database, BRANCHES, count=60)
        assert [await pages.statements(f"{LINUX}/{path}") for path in asked] == once
        assert max(once) <= 6


async def test_the_commits_of_a_branch_are_a_click_away_and_searched_like_all(
    ada_visitor: Visitor, linux: Person
) -> None:
    await push(
        linux,
        commit(sha=sha_of("root"), message_title="the root", parents=[], parent_count=0),
        commit(sha=sha_of("work"), message_title="work on it", parents=[sha_of("root")]),
        commit(sha=sha_of("else"), message_title="work elsewhere", parents=[]),
    )
    tips = {"refs/heads/work": sha_of("work"), "refs/heads/else": sha_of("else")}
    assert (await linux.put("/sync/projects/team/repos/linux/refs", {"refs": tips})).status == 200
    branches = (await ada_visitor.get(f"{LINUX}/branches")).body.decode()
    assert f'href="{LINUX}/commits?branch=work"' in branches
    page = (await ada_visitor.get(f"{LINUX}/commits?branch=work")).body.decode()
    assert ("the root" in page, "work on it" in page, "work elsewhere" in page) == (True, True, False)
    assert '<option value="else">' in page
    page = (await ada_visitor.get(f"{LINUX}/commits?branch=work&q=work")).body.decode()
    assert ("the root" in page, "work on it" in page, "work elsewhere" in page) == (False, True, False)


async def test_a_branch_that_is_not_known_is_named_and_ignored(ada_visitor: Visitor, linux: Person) -> None:
    await push(linux, commit("one", message_title="the one"))
    await linux.put("/sync/projects/team/repos/linux/refs", {"refs": {"refs/heads/main": sha_of("one")}})
    page = (await ada_visitor.get(f"{LINUX}/commits?branch=mian")).body.decode()
    assert "did you mean main?" in page
    assert "the one" in page
