"""Awards: given when weeks are sealed, by what is stored, and computed again by every replay."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from tests.support.database import execute, rows, scalar
from tests.support.leagues import MONDAY, NOBODY, arrive, make_league, stored, until_scored
from tests.support.world import World
from tgl_protocol.players import IdentitySource
from tgl_server.db.engine import Database
from tgl_server.leagues.chain import verify_season
from tgl_server.leagues.matches import match_table
from tgl_server.leagues.playing import Stored, draw_matches, matches_of
from tgl_server.leagues.replay import check_season
from tgl_server.leagues.rules import Dates, Fixtures
from tgl_server.leagues.seasons import find_season, keep_seasons
from tgl_server.leagues.service import NEW_RULES
from tgl_server.leagues.strikes import strike
from tgl_server.leagues.terms import load_season
from tgl_server.players.moving import move

PEOPLE: dict[str, dict[str, Any]] = {name: {"name": name, "email": f"{name.lower()}@example.com"} for name in "ABCD"}


def played(name: str, week: int, days: int, **fields: Any) -> list[dict[str, Any]]:
    return [
        stored((name, week, day), MONDAY + timedelta(weeks=week, days=day, seconds=7), **PEOPLE[name], **fields)
        for day in range(days)
    ]


async def given(database: Database) -> dict[tuple[str, int], str]:
    """The players of each award and week, from 1, with what decided."""
    query = """
        SELECT a.name, a.week + 1 AS week, string_agg(p.name || ' ' || a.value, ', ' ORDER BY p.name) AS who
        FROM awards a JOIN players p ON p.id = a.player_id GROUP BY 1, 2
    """
    return {(row.name, row.week): row.who for row in await rows(database, query)}


async def test_an_exhibition_gives_awards_that_a_replay_comes_to(database: Database, world: World) -> None:
    rules = replace(NEW_RULES, dates=Dates.AS_WRITTEN)
    made = await make_league(database, world, repos=2, rules=rules, weeks=9, now=MONDAY + timedelta(weeks=10))
    shared = {"body": "Why.\n\nCo-authored-by: B <b@example.com>\nCo-authored-by: C <c@example.com>"}
    lines = {"additions": 1, "deletions": 20}
    first = [*played("A", 0, 3, **shared), *played("B", 0, 2), *played("C", 1, 3, **lines)]
    await arrive(database, made.repos[0], first)
    await arrive(database, made.repos[0], [*played("A", 5, 2), *played("A", 7, 3), *played("D", 5, 3)])
    await arrive(database, made.repos[1], [each for week in (2, 3, 4) for each in played("C", week, 1)])
    await until_scored(database)
    assert ("champion", 9) not in await given(database)
    await keep_seasons(database, MONDAY + timedelta(weeks=10))
    of_weeks = {1: "B 27", 2: "C 24", 3: "C 8", 4: "C 8", 5: "C 8", 6: "D 24", 8: "A 24"}
    assert await given(database) == {
        **{("player_of_the_week", week): who for week, who in of_weeks.items()},
        ("debut", 6): "D 24",
        ("gardener", 2): "C 57",
        ("playmaker", 1): "A 2",
        ("player_of_the_month", 4): "C 45",
        ("player_of_the_month", 8): "A 40",
        ("champion", 9): "A 58",
        ("iron", 9): "C 5",
        ("globetrotter", 9): "C 2",
        ("comeback", 9): "A 40",
    }
    assert (await check_season(database, made.season_id)).differences == []


async def test_sealed_weeks_give_awards_and_who_may_win_moves_them_by_an_amendment(
    database: Database, world: World
) -> None:
    made = await make_league(database, world, now=MONDAY)
    for name, days in (("A", 3), ("B", 2), ("C", 2)):
        for week in range(3):
            await arrive(database, made.repos[0], played(name, week, days))
    await until_scored(database)
    await keep_seasons(database, MONDAY + timedelta(days=15))
    # Nobody has claimed these addresses.
    assert await scalar(database, "SELECT sealed FROM seasons") == 1
    assert await given(database) == {}
    await execute(database, "UPDATE players SET state = 'active' WHERE name IN ('B', 'C')")
    await keep_seasons(database, MONDAY + timedelta(days=15))
    assert await given(database) == {("player_of_the_week", 1): "B 16, C 16"}
    # Whoever retires keeps what they have, and gets nothing new.
    await execute(database, "UPDATE players SET state = 'retired' WHERE name = 'C'")
    await keep_seasons(database, MONDAY + timedelta(days=22))
    assert await given(database) == {("player_of_the_week", 1): "B 16, C 16", ("player_of_the_week", 2): "B 16"}
    kinds = "SELECT string_agg(kind || ' ' || week, ', ' ORDER BY seq) FROM seals"
    assert await scalar(database, kinds) == "week 0, amend 0, week 1"
    assert (await check_season(database, made.season_id)).differences == []
    assert await broken_weeks(database, made.season_id) == []
    await execute(database, "UPDATE awards SET value = value + 1 WHERE week = 1")
    assert await broken_weeks(database, made.season_id) == [2]
    assert {each.table for each in (await check_season(database, made.season_id)).differences} == {"awards"}


async def test_matches_are_drawn_at_the_opening_played_when_settled_and_void_with_whoever_hides(
    database: Database, world: World
) -> None:
    rules = replace(NEW_RULES, dates=Dates.AS_WRITTEN, fixtures=Fixtures.PLAYERS)
    await arrive(database, world.repo_id, [*played("A", 0, 3), *played("B", 0, 2), *played("C", 0, 1)])
    made = await make_league(database, world, rules=rules, weeks=4, now=MONDAY)
    await arrive(database, made.repos[0], [*played("A", 1, 1), *played("B", 1, 2), *played("C", 2, 2)])
    await until_scored(database)
    matches = "SELECT week, home_score, away_score, result FROM fixtures ORDER BY week, result"
    assert {row.result for row in await rows(database, matches)} == {None}
    await keep_seasons(database, MONDAY + timedelta(weeks=5))
    played_weeks = [(row.week, row.result) for row in await rows(database, matches)]
    assert len(played_weeks) == 8
    assert [result for _, result in played_weeks].count("bye") == 4
    table = match_table(each.played for each in await stored_matches(database, made.season_id) if each.played)
    champion = "SELECT player_id FROM awards WHERE name = 'match_champion'"
    assert {row[0] for row in await rows(database, champion)} == {line.entrant for line in table if line.rank == 1}
    total = "SELECT sum(coalesce(home_score, 0) + coalesce(away_score, 0)) FROM fixtures"
    assert await scalar(database, total) == await scalar(database, "SELECT sum(points) FROM player_weeks")
    assert (await check_season(database, made.season_id)).differences == []
    await execute(database, "UPDATE players SET visibility = 'hidden' WHERE name = 'B'")
    await keep_seasons(database, MONDAY + timedelta(weeks=5))
    of_b = "SELECT count(*) FROM fixtures f JOIN players p ON p.id IN (home, away) WHERE p.name = 'B' AND {}"
    assert await scalar(database, of_b.format("away IS NOT NULL AND result <> 'void'")) == 0
    assert (await check_season(database, made.season_id)).differences == []
    await execute(database, "UPDATE players SET visibility = 'shown'")
    await keep_seasons(database, MONDAY + timedelta(weeks=5))
    assert [(row.week, row.result) for row in await rows(database, matches)] == played_weeks
    await execute(database, "UPDATE fixtures SET home_score = home_score + 1 WHERE week = 0")
    assert {each.table for each in (await check_season(database, made.season_id)).differences} == {"fixtures"}


async def test_two_players_are_no_league_for_awards(database: Database, world: World) -> None:
    made = await make_league(database, world, now=MONDAY)
    await arrive(database, made.repos[0], [*played("A", 0, 3), *played("B", 0, 2)])
    await until_scored(database)
    await execute(database, "UPDATE players SET state = 'active'")
    await keep_seasons(database, MONDAY + timedelta(days=15))
    assert await scalar(database, "SELECT sealed FROM seasons") == 1
    assert await given(database) == {}


async def test_a_sealed_match_stays_when_an_identity_moves_but_not_when_a_change_is_struck(
    database: Database, world: World
) -> None:
    made = await make_league(database, world, rules=replace(NEW_RULES, fixtures=Fixtures.PLAYERS), now=MONDAY)
    for name, days, lines in (("A", 3, 30), ("B", 2, 30), ("C", 1, 30), ("D", 1, 9)):
        await arrive(database, made.repos[0], played(name, 0, days, additions=lines))
    await until_scored(database)
    await execute(database, "UPDATE players SET state = 'active' WHERE name < 'D'")
    async with database.transaction() as tx:
        await draw_matches(tx, await load_season(tx, made.season_id))
    await keep_seasons(database, MONDAY + timedelta(days=15))
    scores = "SELECT home_score, away_score, is_held FROM fixtures WHERE week = 0 ORDER BY home"
    sealed = [tuple(row) for row in await rows(database, scores)]
    assert sorted(score for row in sealed for score in row[:2] if score is not None) == [8, 16, 24]
    people = await rows(database, "SELECT p.id, i.id FROM players p JOIN identities i ON i.player_id = p.id "
                                  "WHERE p.name IN ('C', 'D') ORDER BY p.name")  # fmt: skip
    async with database.transaction() as tx:
        await move(tx, {people[1][1]: people[0][0]}, IdentitySource.MERGE, NOBODY)
    await keep_seasons(database, MONDAY + timedelta(days=15))
    held = [tuple(row) for row in await rows(database, scores)]
    assert [row[:2] for row in held] == [row[:2] for row in sealed]
    assert [row[2] for row in held].count(True) == 1
    assert (await check_season(database, made.season_id)).differences == []
    async with database.transaction() as tx:
        season = await find_season(tx, made.league_id, 1)
        await strike(tx, season, played("A", 0, 1)[0]["sha"], "Generated", NOBODY)
    assert await scalar(database, "SELECT max(greatest(home_score, away_score)) FROM fixtures") == 16
    assert (await check_season(database, made.season_id)).differences == []
    assert await broken_weeks(database, made.season_id) == []


async def stored_matches(database: Database, season_id: UUID) -> list[Stored]:
    async with database.transaction() as tx:
        return await matches_of(tx, season_id)


async def broken_weeks(database: Database, season_id: UUID) -> list[int | None]:
    async with database.transaction() as tx:
        return [each.week for each in (await verify_season(tx, season_id)).broken]
