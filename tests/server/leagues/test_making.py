"""Leagues made over HTTP: their repositories, rules, seasons and strikes, and what is refused."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from tests.support.database import audited, execute
from tests.support.leagues import MONDAY, NOBODY, MadeLeague, arrive, make_league, points, results, stored, until_scored
from tests.support.people import People, Person
from tests.support.world import World
from tgl_server.auth.principal import Scope
from tgl_server.db.engine import Database
from tgl_server.leagues.rules import rules_json
from tgl_server.leagues.seasons import close_season
from tgl_server.leagues.service import NEW_RULES

DOCUMENT = msgspec.json.decode(rules_json(NEW_RULES))
WEEK = [stored((day, n), MONDAY + timedelta(days=day, hours=9 + n)) for day in range(5) for n in range(2)]
BEN: dict[str, Any] = {"name": "Ben", "email": "ben@example.com"}
CEM: dict[str, Any] = {"name": "Cem", "email": "cem@example.com"}


@pytest.fixture
async def made(database: Database, world: World) -> MadeLeague:
    """A season in which Ada has a good week, one commit of it in two repositories, and Ben a commit."""
    made = await make_league(database, world, repos=2)
    await arrive(database, made.repos[0], [*WEEK, stored("b", **BEN)])
    await arrive(database, made.repos[1], [WEEK[0]])
    await until_scored(database)
    return made


async def test_a_commissioner_makes_a_league_and_opens_its_season(
    boss: Person, ada: Person, people: People, world: World, database: Database
) -> None:
    made = await boss.post("/leagues", {"slug": "cup", "name": "The cup"})
    assert (made.status, made.headers["Location"]) == (201, "/api/v1/leagues/cup")
    assert (await boss.post("/leagues", {"slug": "cup", "name": "Again"})).status == 409
    assert (await boss.patch("/leagues/cup", {"name": "The golden cup"})).json["name"] == "The golden cup"
    wish = {"repo_id": str(world.repo_id), "counts_from": "2026-01-05"}
    repos = (await boss.put("/leagues/cup/repos", {"items": [wish]})).json["items"]
    assert [(repo["repo"], repo["counts_from"]) for repo in repos] == [("first", "2026-01-05")]
    rules = await boss.post("/leagues/cup/rules", {"document": {**DOCUMENT, "best_days": 4}, "note": "Four days"})
    assert (rules.status, rules.json["version"], rules.json["document"]["best_days"]) == (201, 2, 4)
    today = datetime.now(UTC).date()
    monday = (today - timedelta(days=today.weekday())).isoformat()
    season = await boss.post("/leagues/cup/seasons", {"starts": monday})
    assert (season.status, season.json["state"], season.json["rules_version"]) == (201, "draft", 2)
    assert (await boss.post("/leagues/cup/seasons/1/close", None)).status == 409
    assert (await boss.post("/leagues/cup/seasons/1/open", None)).json["state"] == "open"
    assert (await boss.post("/leagues/cup/seasons/1/open", None)).json["detail"] == "Season 1 is open, not draft."
    assert (
        (await boss.post("/leagues/cup/seasons/1/close", None))
        .json["detail"]
        .startswith("The season's last week closes")
    )
    for action in ("league:created", "league:changed", "league:repos_changed", "season:created", "season:opened"):
        (entry, *_) = await audited(database, action)
        assert entry.outcome == "success"
    key = await people.with_key(ada, [Scope.READ_LEAGUE])
    assert (await key.get("/leagues")).status == 200
    assert (await key.get("/projects/demo/repos")).status == 403


REFUSED: list[tuple[str, Any, str]] = [
    ("", {"slug": "new", "name": "x"}, "slug"),
    ("", {"slug": "cup", "name": "x", "visibility": "all"}, "visibility"),
    ("/premier/rules", {"document": {"best_days": 3.0}}, "document.best_days"),
    ("/premier/rules", {"document": {"best_dais": 3}}, "document.best_dais"),
    ("/premier/rules", {"document": {"line_points": [1, 2]}}, "document.line_points"),
    ("/premier/rules/preview", {"document": {"best_days": 2.5}}, "document.best_days"),
    ("/premier/seasons", {"starts": "2031-01-07"}, "starts"),
    ("/premier/seasons", {"starts": "2032-01-05", "weeks": 3}, "weeks"),
    ("/premier/seasons/1/strikes", {"sha": "0" * 40, "reason": ""}, "reason"),
    ("/premier/seasons/1/strikes", {"sha": "0123456", "reason": "x"}, "sha"),
]
MISSING: list[tuple[str, Any]] = [
    ("none/rules", {"document": {}}),
    ("premier/seasons/7/open", None),
    ("premier/seasons/1/strikes", {"sha": "0" * 40, "reason": "x"}),
]


async def test_what_is_wrong_is_named_and_what_is_not_there_not_found(boss: Person, made: MadeLeague) -> None:
    for path, body, field in REFUSED:
        answer = await boss.post(f"/leagues{path}", body)
        assert answer.status == 422, (path, answer.body)
        assert field in [error["field"] for error in answer.json["errors"]], (path, answer.body)
    for path, body in MISSING:
        assert (await boss.post(f"/leagues/{path}", body)).status == 404, path
    nobodys = {"items": [{"repo_id": "019c2f6e-8d3c-7e5f-9061-2c3d4e5f6071"}]}
    assert (await boss.put("/leagues/premier/repos", nobodys)).status == 404


async def test_a_struck_change_counts_again_when_the_strike_is_taken_back(
    boss: Person, made: MadeLeague, database: Database
) -> None:
    before = await results(database, made.season_id)
    sha = WEEK[0]["sha"].hex()
    path = "/leagues/premier/seasons/1/strikes"
    struck = await boss.post(path, {"sha": sha, "reason": "generated"})
    assert (struck.status, [item["reason"] for item in struck.json["items"]]) == (201, ["generated"])
    assert (await results(database, made.season_id))["player_days"] != before["player_days"]
    (copy, other) = (await boss.get(f"/leagues/premier/explain/{sha}")).json["copies"]
    assert {copy["verdict"], other["verdict"]} == {"struck"}
    assert (await boss.post(path, {"sha": sha, "reason": "again"})).status == 409
    assert (await boss.delete(f"{path}/{sha}")).json == {"strikes": 1}
    assert (await boss.delete(f"{path}/{sha}")).status == 404
    assert await results(database, made.season_id) == before
    assert (await audited(database, "season:change_struck"))[0].details["reason"] == "generated"


async def test_seals_are_shown_and_a_closed_season_is_amended_with_the_token_of_its_preview(
    boss: Person, made: MadeLeague, database: Database
) -> None:
    path = "/leagues/premier/seasons/1"
    wish = {"reason": "generated", "strike": [stored("b")["sha"].hex()]}
    assert (await boss.post(f"{path}/amend", wish)).json["detail"].startswith("Season 1 is open")
    async with database.transaction() as tx:
        await close_season(tx, made.season_id, NOBODY, MONDAY + timedelta(days=90))
    seals = (await boss.get(f"{path}/seals")).json["items"]
    assert [seal["kind"] for seal in seals] == ["week"] * 6 + ["season"]
    assert seals[1]["previous"] == seals[0]["sha256"]
    shown = (await boss.post(f"{path}/amend", wish)).json
    assert (shown["is_done"], [each["name"] for each in shown["changes"]]) == (False, ["Ben"])
    assert (await boss.post(f"{path}/amend", {**wish, "confirm": "0" * 32})).status == 409
    assert (await boss.post(f"{path}/amend", {**wish, "confirm": shown["token"]})).json["is_done"]
    assert (await boss.post(f"{path}/amend", {"reason": "again"})).json["detail"].startswith("Nothing would change")
    amended = (await boss.get(f"{path}/seals")).json["items"]
    assert (amended[:7], amended[7]["reason"], amended[7]["week"]) == (seals, "generated", 1)
    old = (await boss.get(f"{path}/seals/1")).json
    content = f"{old['rules_sha256']}\n{old['previous']}\n{old['payload']}"
    assert sha256(content.encode()).hexdigest() == seals[0]["sha256"]
    assert (await boss.get(f"{path}/seals/99")).status == 404


async def test_a_repository_of_an_open_season_is_deleted_once_what_it_takes_is_confirmed(
    boss: Person, made: MadeLeague, database: Database
) -> None:
    await execute(database, "UPDATE projects SET owner_id = :boss", boss=boss.id)
    before = await results(database, made.season_id)
    path = "/projects/demo/repos/first"
    asked = await boss.delete(path)
    assert (asked.status, asked.json["code"]) == (409, "confirmation_needed")
    assert "season 1 of Premier League: Ada 39 to 8, Ben 8 to 0." in asked.json["detail"]
    assert (await boss.delete(f"{path}?confirm={'0' * 32}")).status == 409
    assert await results(database, made.season_id) == before
    assert (await boss.delete(f"{path}?confirm={asked.json['confirm']}")).status == 200
    assert {name: each[0] for name, each in (await points(database, made.season_id)).items()} == {"Ada": 8}


async def test_a_preview_tells_who_would_move_and_how_much_is_late(
    boss: Person, made: MadeLeague, database: Database
) -> None:
    late = [stored(("late", n), MONDAY + timedelta(days=1, minutes=n), **CEM) for n in range(9)]
    await arrive(database, made.repos[0], late, MONDAY + timedelta(days=20))
    await until_scored(database)
    wish = {"document": {**DOCUMENT, "best_days": 1}, "season": 1}
    before = await results(database, made.season_id)
    found = (await boss.post("/leagues/premier/rules/preview", wish)).json
    assert await results(database, made.season_id) == before
    numbers = "rank_before", "rank_after", "points_before", "points_after"
    moved = [(each["name"], *(each[number] for number in numbers)) for each in found["moved"]]
    assert moved == [("Cem", 2, 1, 23, 23), ("Ada", 1, 2, 39, 13)]
    assert (found["late_percent"], found["proposed_grace_days"], found["players"]) == (42, 14, 3)
    same = (await boss.post("/leagues/premier/rules/preview", {"document": DOCUMENT, "season": 1})).json
    assert same["moved"] == []
    now = (await boss.post("/leagues/premier/rules/preview", {"document": DOCUMENT})).json
    assert (now["season"], now["weeks"], now["moved"]) == (None, 12, [])
