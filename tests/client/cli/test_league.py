"""Leagues at the terminal: what they say of a commit."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.command import tgl
from tests.support.histories import git
from tests.support.leagues import make_league, until_scored
from tests.support.world import World
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
