"""Awards and records, by the API and in the console: whoever hides has none that others see."""

from datetime import timedelta

from msgspec.structs import replace

from tests.support.api import Api
from tests.support.database import execute, rows
from tests.support.leagues import MONDAY, arrive, make_league, stored, until_scored
from tests.support.visitor import Visitor
from tests.support.world import World
from tgl_server.db.engine import Database
from tgl_server.leagues.rules import Dates, Fixtures
from tgl_server.leagues.service import NEW_RULES

SEASON = "/leagues/premier/seasons/1"
#: Ada has the best weeks, Ben the second best: in three weeks everybody plays everybody.
WORK = [
    stored((name, week, day), MONDAY + timedelta(weeks=week, days=day), name=name, email=f"{name.lower()}@example.com")
    for name, days in (("Ada", 3), ("Ben", 2), ("Cem", 1))
    for week in range(3)
    for day in range(days)
]


async def test_awards_and_records_are_shown_and_pass_on_from_whoever_hides(
    api: Api, boss_visitor: Visitor, database: Database, world: World
) -> None:
    rules = replace(NEW_RULES, dates=Dates.AS_WRITTEN, fixtures=Fixtures.PLAYERS)
    await arrive(database, world.repo_id, WORK)
    await make_league(database, world, rules=rules, weeks=4, now=MONDAY + timedelta(weeks=3, days=1))
    await until_scored(database)
    ada, ben = [row[0] for row in await rows(database, "SELECT id FROM players WHERE name < 'C' ORDER BY name")]
    paths = ("awards", "records", "fixtures", "weeks/1", "weeks/3", "awards?format=csv")
    player = f"/leagues/premier/players/{ada}"
    api_paths = [f"/api/v1{SEASON}/{path}" for path in paths]
    pages = [*(f"{SEASON}/{path}" for path in paths[:-1]), f"/leagues/premier/players/{ben}"]
    awards = (await api.get(api_paths[0])).json["items"]
    assert [(each["name"], each["week"], each["player"], each["evidence"]) for each in awards] == [
        ("player_of_the_week", 3, "Ada", "24 points"),
        ("player_of_the_week", 2, "Ada", "24 points"),
        ("player_of_the_week", 1, "Ada", "24 points"),
    ]
    answer = await api.get(api_paths[1])
    assert answer.status == 200, answer.body
    records = answer.json
    assert [(each["name"], each["value"], each["player"]) for each in records["season"]] == [
        ("best_week", 24, "Ada"),
        ("longest_run", 3, "Ada"),
        ("longest_run", 3, "Ben"),
        ("longest_run", 3, "Cem"),
        ("largest_win", 16, "Ada"),
    ]
    assert records["league"] == records["season"]
    assert [(each["player"], each["points"]) for each in records["hall_of_fame"]] == [
        ("Ada", 72), ("Ben", 48), ("Cem", 24)
    ]  # fmt: skip
    assert (await api.get(f"/api/v1{player}")).json["awards"] == awards
    for path in pages[:-1]:
        assert "Ada" in (await boss_visitor.get(path)).body.decode()
    assert "Player of the week" in (await boss_visitor.get(player)).body.decode()
    fixtures = (await api.get(api_paths[2])).json
    assert [(each["name"], each["rank"]) for each in fixtures["table"]] == [("Ada", 1), ("Ben", 2), ("Cem", 3)]
    assert len(fixtures["matches"]) == 8
    ends = {(match["week"], match["home_score"], match["away_score"]) for match in fixtures["matches"]}
    assert {week for week, home, _ in ends if home is not None} == {1, 2, 3}
    # Whoever hides has no award or record from now on, and the scorer passes them on.
    await execute(database, "UPDATE players SET visibility = 'hidden' WHERE name = 'Ada'")
    for path in api_paths:
        answer = await api.get(path)
        assert "Ada" not in answer.body.decode()
        assert str(ada) not in answer.body.decode()
    for path in pages:
        answer = await boss_visitor.get(path)
        assert answer.status == 200
        assert "Ada" not in answer.body.decode()
