"""Leagues at the terminal: what they say of a commit, the line after a push, tables, and one's own place."""

import asyncio
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.command import Done, tgl
from tests.support.database import execute
from tests.support.faulty import KEY, FaultyServer
from tests.support.histories import git
from tests.support.leagues import arrive, make_league, stored, until_scored
from tests.support.world import World
from tgl_protocol import http
from tgl_protocol.leagues import VERDICT_SENTENCES, CommitVerdict
from tgl_server.db.engine import Database
from tgl_server.leagues.rules import CoAuthors, Dates, Rules

pytestmark = pytest.mark.usefixtures("settings")

#: The Monday of the week in which the repository's commits are dated.
MONDAY = datetime.fromisoformat("2023-11-13T00:00:00+00:00")


@pytest.fixture
async def league(database: Database, world: World) -> None:
    """A season over the week of the repository's commits, which count by their own dates."""
    rules = Rules(dates=Dates.AS_WRITTEN, coauthors=CoAuthors.OFF)
    now = MONDAY + timedelta(days=30)
    await make_league(database, world, starts=date(2023, 11, 13), rules=rules, now=now, taken_in=MONDAY)


async def test_a_commit_is_explained_with_what_leagues_say_of_it(
    repository: Path, league: None, database: Database
) -> None:
    tgl("push", repository)
    await until_scored(database)
    done = tgl("explain", "HEAD", repository)
    assert (done.code, done.err) == (0, "")
    said = done.out.splitlines()[2:]
    assert said[0] == f"  premier, season 1, demo/first: {VERDICT_SENTENCES[CommitVerdict.COUNTED]}"
    assert said[1] == "    rule: line_cap = 320"
    assert said[2].startswith("    day: ")
    told = tgl("explain", "HEAD", repository, "--json").json
    (copy,) = told["leagues"]["premier"]["copies"]
    assert (copy["sha"], copy["verdict"]) == (git(repository, "rev-parse", "HEAD"), "counted")
    assert copy["day_points"] > copy["day_points_without"]


def write_today(repository: Path, lines: int) -> None:
    """Commit a file of so many lines, today, as Ada."""
    git(repository, "reset", "-q", "--hard")
    (repository / f"{lines}.txt").write_text("line\n" * lines)
    git(repository, "add", ".")
    git(repository, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "-m", f"Add {lines}")


@pytest.fixture
async def running(repository: Path, database: Database, world: World) -> None:
    """A season that runs this week, in which the key's owner has pushed thirty lines today, and Ben some."""
    now = datetime.now(UTC)
    monday = now.date() - timedelta(days=now.weekday())
    await make_league(database, world, starts=monday, now=now, taken_in=now - timedelta(days=7))
    tgl("push", repository)
    write_today(repository, 30)
    assert tgl("push", repository).code == 0
    ben = [stored("ben", now - timedelta(hours=1), name="Ben", email="ben@example.com", additions=1)]
    await arrive(database, world.repo_id, ben, now)
    await until_scored(database)
    await execute(
        database,
        "UPDATE players SET user_id = NULL",
        "UPDATE players SET user_id = :user_id, state = 'active' WHERE name = 'Ada'",
        user_id=world.user_id,
    )


async def test_the_end_of_a_push_and_the_league_show_what_today_is_worth(
    repository: Path, running: None, database: Database
) -> None:
    write_today(repository, 20)
    last = tgl("push", repository).out.splitlines()[-1]
    # A busy machine may not have scored the push yet.
    assert re.fullmatch(
        r"premier: today (8|13) of 25 points, 1 change or (10|30) lines to go for the next step"
        r"( \(the rest is being scored\))?",
        last,
    )
    assert tgl("push", repository).out.splitlines() == ["demo/first: nothing new"]
    await until_scored(database)
    table = tgl("league").out.splitlines()
    assert table[0].startswith("Premier League, Season 1: week 1 of 6, open")
    assert [line.split() for line in table[1:]] == [
        ["player", "points", "weeks", "days", "best", "week"],
        ["1", "Ada", "(you)", "13", "1", "1", "13"],
        ["2", "Ben", "3", "1", "1", "3"],
    ]
    week = [line.split() for line in tgl("league", "week", "--league", "premier").out.splitlines()[2:]]
    assert week == [["1", "Ada", "(you)", "13", "13"], ["2", "Ben", "3", "3"]]
    me = tgl("league", "me").out.splitlines()
    assert me[1:] == [
        "Ada: place 1 with 13 points",
        "weeks: 13, best 13",
        "today 13 of 25 points, 1 change or 30 lines to go for the next step",
    ]
    assert tgl("league", "me", "--json").json["me"]["place"]["points"] == 13
    assert tgl("league", "--json").json["table"]["items"][0]["is_me"]
    unknown = tgl("league", "--league", "none")
    assert (unknown.code, unknown.err.splitlines()[0]) == (2, "error: there is no league 'none': premier")


@pytest.mark.parametrize("features", [[], [http.LEAGUE_DAYS]], ids=["old server", "no answer"])
async def test_a_server_without_leagues_costs_a_push_nothing_and_is_told_of_by_name(
    repository: Path, faulty: FaultyServer, features: list[str]
) -> None:
    def run(*args: object) -> Done:
        return tgl(*args, TGL_URL=faulty.url, TGL_API_KEY=KEY, TGL_PROJECT="demo", TGL_REPO="first")

    faulty.features = features
    pushed = await asyncio.to_thread(run, "push", repository)
    assert (pushed.code, len(pushed.out.splitlines())) == (0, 1)
    assert "waiting" not in pushed.err
    done = await asyncio.to_thread(run, "league")
    assert (done.code, done.err.splitlines()[0]) == (2, "error: this server has no leagues yet")
