"""`tgl-server league` and `tgl-server seasons`."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.command import Run
from tests.support.database import execute, scalar
from tests.support.leagues import MONDAY, START, arrive, stored
from tests.support.world import World
from tgl_server.db.engine import Database
from tgl_server.leagues.rules import rules_hash
from tgl_server.leagues.service import NEW_RULES
from tgl_server.settings import Settings


@pytest.fixture
def prepared(run: Run, database_url: str, world: World) -> Run:
    """With an account, a project and a repository with a week of commits."""

    async def fill(database: Database) -> None:
        week = [stored(n, MONDAY + timedelta(days=n // 2, hours=n)) for n in range(10)]
        await arrive(database, world.repo_id, week)

    _with_database(database_url, fill)
    run("league", "create", "premier", "--owner", "owner-of-demo@example.com", DATABASE_URL=database_url)
    return run


def _with_database(url: str, act: object) -> object:
    async def work() -> object:
        database = Database(Settings(database_url=url))
        try:
            return await act(database)  # type: ignore[operator]
        finally:
            await database.close()

    return asyncio.run(work())


def test_a_season_from_the_league_to_a_clean_replay(prepared: Run, database_url: str, tmp_path: Path) -> None:
    assert prepared("league", "repos", "premier", "demo/first") == (0, "demo/first\n")
    _with_database(database_url, lambda d: execute(d, "UPDATE league_repos SET taken_in = '2030-01-01'"))
    status, said = prepared("seasons", "create", "premier", "--starts", START.isoformat(), "--weeks", "6")
    assert (status, said) == (0, "Planned season 1 of premier: 6 weeks from 2031-01-06\n")
    assert prepared("seasons", "open", "premier", "1") == (0, "Opened season 1 of premier\n")
    assert prepared("league", "score") == (0, "")
    status, clean = prepared("league", "replay", "premier", "--season", "1", "--check")
    assert (status, clean.startswith("10 commits, 0 differences, digest ")) == (0, True)
    assert _with_database(database_url, lambda d: scalar(d, "SELECT sum(points) FROM player_days")) == 65

    sha = stored(9)["sha"].hex()
    assert prepared("seasons", "strike", "premier", "1", sha, "--reason", "generated")[0] == 0
    assert prepared("seasons", "strikes", "premier", "1")[1].endswith("  generated\n")
    assert _with_database(database_url, lambda d: scalar(d, "SELECT sum(points) FROM player_days")) == 60
    status, said = prepared("seasons", "take-back", "premier", "1", sha)
    assert (status, said) == (0, f"Took back 1 on the change of {sha} in season 1 of premier\n")
    assert prepared("seasons", "strikes", "premier", "1") == (0, "")

    tried = Path(tmp_path, "rules.json")
    tried.write_text('{"coauthors": "off", "best_days": 1}')
    status, said = prepared("league", "preview", "premier", "--file", str(tried), "--season", "1")
    assert (status, said.splitlines()[-1]) == (0, "0 % of the work arrives after its week")

    _with_database(database_url, lambda d: execute(d, "UPDATE player_days SET points = 25 WHERE day % 7 = 4"))
    status, said = prepared("league", "replay", "premier", "--season", "1", "--check")
    assert status == 1
    assert said.startswith("player_days ")
    assert "stored 2 60 25, computed 2 60 13" in said
    assert prepared("league", "replay", "premier", "--season", "1", "--write") == (0, clean)
    status, said = prepared("seasons", "verify", "premier", "1")
    assert (status, said) == (0, "0 weeks, 0 seals, 0 broken, last none\n")
    assert prepared("seasons", "amend", "premier", "1", "--reason", "x")[0] != 0


def test_the_rules_are_printed_and_new_ones_are_added(prepared: Run, tmp_path: Path) -> None:
    status, said = prepared("league", "rules", "premier")
    assert status == 0
    assert json.loads(said.splitlines()[0])["best_days"] == 3
    assert f"version 1, sha256 {rules_hash(NEW_RULES).hex()}" in said
    new = tmp_path / "rules.json"
    new.write_text('{"best_days": 4, "coauthors": "off"}')
    status, said = prepared("league", "rules", "premier", "--file", str(new), "--note", "Four days")
    assert (status, json.loads(said.splitlines()[0])["best_days"]) == (0, 4)
    new.write_text('{"grace_days": 7.0}')
    assert prepared("league", "rules", "premier", "--file", str(new)) == (
        1,
        "error: grace_days: Expected a whole number",
    )


def test_a_league_takes_all_repositories_of_a_project(prepared: Run) -> None:
    prepared("repos", "create", "demo", "another")
    owner = "owner-of-demo@example.com"
    assert prepared("league", "create", "second", "--owner", owner, "--project", "demo")[0] == 0
    assert prepared("league", "repos", "second") == (0, "demo/another\ndemo/first\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("league", "create", "premier", "--owner", "owner-of-demo@example.com"), "there is a league premier already"),
        (("league", "create", "Premier", "--owner", "owner-of-demo@example.com"), "slug: Expected lower-case"),
        (("league", "create", "x", "--owner", "no@body.example"), "there is no account no@body.example"),
        (("league", "repos", "nowhere"), "there is no league nowhere"),
        (("league", "repos", "premier", "demo/none"), "there is no repository demo/none"),
        (("league", "repos", "premier", "demo/first", "demo/first"), "repos: A repository is named twice"),
        (("league", "replay", "premier", "--season", "1"), "say either --check or --write"),
        (("league", "replay", "premier", "--season", "7", "--check"), "The league has no season 7"),
        (("seasons", "create", "premier", "--starts", "soon"), "soon is not a date"),
        (("seasons", "create", "premier", "--starts", "2031-01-07"), "starts: Expected a Monday"),
        (("seasons", "close", "premier", "1"), "The league has no season 1"),
        (("seasons", "take-back", "premier", "1", "beef"), "beef is not a whole sha"),
    ],
)
def test_what_cannot_be_done_says_why(prepared: Run, arguments: tuple[str, ...], reason: str) -> None:
    status, said = prepared(*arguments)
    assert status == 1
    assert reason in said
