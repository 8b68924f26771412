"""One player of a league, and the part of a table that is shown: by the API."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.api import Api
from tests.support.database import execute, rows
from tests.support.leagues import MONDAY, MadeLeague, arrive, make_league, stored, until_scored
from tests.support.people import Person
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_server.db.engine import Database

LEAGUE = "/api/v1/leagues/premier"
BEN: dict[str, Any] = {"name": "Ben", "email": "ben@example.com"}
#: Five good days, of which three count, in the first week; one change in the second.
ADAS = [stored((day, n), MONDAY + timedelta(days=day, hours=9 + n)) for day in range(5) for n in range(2)]
ADAS.append(stored("late", MONDAY + timedelta(days=8), additions=400))


@pytest.fixture
async def made(database: Database, world: World) -> MadeLeague:
    """Two weeks: Ben leads after none, Ada after the first; one of Ada's commits is a copy elsewhere."""
    made = await make_league(database, world, repos=2, now=MONDAY + timedelta(days=9))
    await arrive(database, made.repos[0], [*ADAS, stored("b", MONDAY + timedelta(days=8), **BEN)])
    await arrive(database, made.repos[1], [ADAS[0]])
    await until_scored(database)
    return made


async def player_id(database: Database, name: str) -> UUID:
    (row,) = await rows(database, "SELECT id FROM players WHERE name = :name", name=name)
    found: UUID = row[0]
    return found


async def test_a_player_is_shown_week_by_week_and_day_by_day(api: Api, made: MadeLeague, database: Database) -> None:
    path = f"{LEAGUE}/players/{await player_id(database, 'Ada')}"
    ada = (await api.get(path)).json
    assert (ada["name"], ada["place"]["rank"], ada["place"]["points"], ada["median_week"]) == ("Ada", 1, 58, 19)
    weeks = [(week["points"], week["days"], week["changes"], week["is_kept"]) for week in ada["weeks"]]
    assert weeks == [(39, 5, 10, True), (19, 1, 1, True)]
    assert ada["totals"] == {"commits": 12, "changes": 11, "additions": 700, "deletions": 0, "repos": 1}
    days = (await api.get(f"{path}/days?season=1")).json["items"]
    assert [(day["day"], day["points"], day["is_kept"]) for day in days] == [
        ("2031-01-14", 19, True),
        ("2031-01-10", 13, False),
        ("2031-01-09", 13, False),
        ("2031-01-08", 13, True),
        ("2031-01-07", 13, True),
        ("2031-01-06", 13, True),
    ]
    assert len((await api.get(f"{path}/days?format=csv")).body.decode().splitlines()) == 7


async def test_a_day_tells_which_commit_gave_what(api: Api, made: MadeLeague, database: Database) -> None:
    path = f"{LEAGUE}/players/{await player_id(database, 'Ada')}/days"
    day = (await api.get(f"{path}/2031-01-06")).json
    assert (day["line_points"], day["change_points"], day["elsewhere"]) == (10, 3, 0)
    assert day["sentence"].startswith("60 lines are worth 10, and 2 changes 3: together 13 points.")
    assert [(each["repo"], each["verdict"], each["value"]) for each in day["commits"]] == [
        ("first", "counted", 30),
        ("first", "counted", 30),
        ("more-1", "copy", 30),
    ]
    assert (await api.get(f"{path}/2031-01-11")).status == 404


async def test_the_table_says_who_gained_and_a_week_has_a_table(api: Api, made: MadeLeague) -> None:
    places = {place["name"]: place for place in (await api.get(f"{LEAGUE}/seasons/1/table")).json["items"]}
    assert {name: place["change"] for name, place in places.items()} == {"Ada": 0, "Ben": None}
    week = (await api.get(f"{LEAGUE}/seasons/1/weeks/2")).json
    assert (week["starts"], week["ends"], week["is_closed"]) == ("2031-01-13", "2031-01-19", False)
    assert [(place["name"], place["rank"], place["points"]) for place in week["items"]] == [
        ("Ada", 1, 19),
        ("Ben", 2, 8),
    ]
    assert (await api.get(f"{LEAGUE}/seasons/1/weeks/3")).status == 404


async def test_the_first_ten_are_shown_and_two_on_either_side_of_oneself(
    api: Api, made: MadeLeague, database: Database
) -> None:
    others = [
        stored(
            ("p", place),
            MONDAY + timedelta(days=8),
            additions=200 - 12 * place,
            name=f"P{place:02}",
            email=f"p{place}@x.y",
        )
        for place in range(16)
    ]
    # One change each; the lines decide, and a step of lines is shared by some.
    extra = [
        stored(
            ("q", place, n),
            MONDAY + timedelta(days=8, minutes=n),
            additions=1,
            name=f"P{place:02}",
            email=f"p{place}@x.y",
        )
        for place in range(16)
        for n in range(16 - place)
    ]
    await arrive(database, made.repos[0], [*others, *extra])
    await until_scored(database)
    path = f"{LEAGUE}/seasons/1/table"
    seen = (await api.get(path)).json
    assert seen["players"] == 18
    assert len(seen["items"]) < 18
    assert all(place["rank"] <= 10 for place in seen["items"])
    assert (await api.get(f"{path}?around=me")).json["items"] == []
    # The owner of the key is the last of the table.
    last = "(SELECT player_id FROM standings ORDER BY rank DESC, player_id DESC LIMIT 1)"
    await execute(
        database,
        "UPDATE players SET user_id = NULL WHERE user_id IS NOT NULL",
        f"UPDATE players SET user_id = (SELECT user_id FROM api_keys LIMIT 1), state = 'active' WHERE id = {last}",
    )
    around = (await api.get(f"{path}?around=me")).json["items"]
    assert [place["is_me"] for place in around] == [False, False, True]
    assert (await api.get(path)).json["items"] == [*seen["items"], *around]
    lines = (await api.get(f"{path}?format=csv")).body.decode().splitlines()
    assert len(lines) == len(seen["items"]) + len(around) + 1


async def test_whoever_hides_is_shown_to_themselves_alone(
    api: Api, boss: Person, made: MadeLeague, database: Database
) -> None:
    ben = await player_id(database, "Ben")
    paths = [f"/leagues/premier/players/{ben}{rest}" for rest in ("", "/days", "/days/2031-01-14")]
    await execute(database, "UPDATE players SET visibility = 'pseudonym', shown_name = 'Zorro' WHERE name = 'Ben'")
    for path in paths:
        answer = await boss.get(path)
        assert answer.status == 200
        assert "Ben" not in answer.body.decode()
    assert (await boss.get(paths[0])).json["name"] == "Zorro"
    await execute(
        database,
        "UPDATE players SET visibility = 'hidden', user_id = (SELECT user_id FROM api_keys LIMIT 1) WHERE name = 'Ben'",
    )
    assert [(await boss.get(path)).status for path in paths] == [404, 404, 404]
    assert [(await api.get(f"/api/v1{path}")).status for path in paths] == [200, 200, 200]
    week = (await boss.get("/leagues/premier/seasons/1/weeks/2")).body.decode()
    assert "Ben" not in week
    assert "Zorro" not in week


async def test_a_player_of_another_league_is_not_there(api: Api, made: MadeLeague, database: Database) -> None:
    await execute(database, "INSERT INTO players (id, name, state) VALUES (gen_random_uuid(), 'Eve', 'active')")
    assert (await api.get(f"{LEAGUE}/players/{await player_id(database, 'Eve')}")).status == 404
    assert (await api.get(f"{LEAGUE}/players/{await player_id(database, 'Ada')}?season=7")).status == 404


async def test_a_badge_is_shown_once_its_player_says_so_and_by_the_name_that_others_see(
    api: Api, boss: Person, made: MadeLeague, database: Database, server: RunningServer
) -> None:
    me = (await boss.patch("/leagues/premier/me", {"badge": True})).json
    path = me["badge_path"]
    async with Api(server.url) as stranger:
        drawn = await stranger.get(path)
        assert (drawn.status, "no points yet" in drawn.body.decode()) == (200, True)
        assert drawn.headers["Content-Type"].startswith("image/svg+xml")
        assert drawn.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        # Ada's account is the boss's from here on.
        moved = "UPDATE standings SET player_id = :me WHERE rank = 1"
        names = "UPDATE players SET visibility = 'pseudonym', shown_name = '<b>Zorro' WHERE id = :me"
        await execute(database, moved, names, me=me["player_id"])
        said = (await stranger.get(path)).body.decode()
        assert ("&lt;b&gt;Zorro" in said, "58 points" in said, "Boss" in said) == (True, True, False)
        await execute(database, "UPDATE players SET visibility = 'hidden' WHERE id = :me", me=me["player_id"])
        assert (await stranger.get(path)).status == 404
        await execute(database, "UPDATE players SET visibility = 'shown' WHERE id = :me", me=me["player_id"])
        assert (await stranger.get(path)).status == 200
        assert not (await boss.patch("/leagues/premier/me", {"badge": False})).json["badge"]
        assert (await stranger.get(path)).status == 404
