"""Seasons: planning, opening, closing, and what time and people change in them."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.support.database import execute, rows, scalar
from tests.support.leagues import MONDAY, NOBODY, START, arrive, make_league, points, results, stored, until_scored
from tests.support.world import World
from tgl_protocol.players import IdentitySource
from tgl_server.db.engine import Database
from tgl_server.errors import Conflict, InvalidBody, NotFound
from tgl_server.followers.service import hold_mark
from tgl_server.leagues.follower import LEAGUES
from tgl_server.leagues.replay import check_season
from tgl_server.leagues.rules import Dates, Rules, rules_hash
from tgl_server.leagues.seasons import close_season, create_season, keep_seasons, open_season
from tgl_server.leagues.service import NEW_RULES, add_rules, create_league, load_rules
from tgl_server.players.moving import move

STATE = "SELECT state FROM seasons"
WEEK = [stored((day, n), MONDAY + timedelta(days=day, hours=9 + n)) for day in range(5) for n in range(2)]


async def test_rules_are_versions_that_never_change(database: Database, world: World) -> None:
    made = await make_league(database, world)
    other = Rules(best_days=4, coauthors=NEW_RULES.coauthors)
    async with database.transaction() as tx:
        assert await add_rules(tx, made.league_id, other, "Four days", NOBODY) == 2
        assert await load_rules(tx, made.league_id, 1) == NEW_RULES
        assert await load_rules(tx, made.league_id, 2) == other
        with pytest.raises(NotFound):
            await load_rules(tx, made.league_id, 3)
    digests = [row[0] for row in await rows(database, "SELECT sha256 FROM rules ORDER BY version")]
    assert digests == [rules_hash(NEW_RULES), rules_hash(other)]
    for change in ("UPDATE rules SET note = ''", "DELETE FROM rules", "TRUNCATE rules CASCADE"):
        with pytest.raises(IntegrityError, match="rules never change"):
            await execute(database, change)


@pytest.mark.parametrize(
    ("starts", "weeks", "field"), [(date(2031, 1, 7), 6, "starts"), (START, 3, "weeks"), (START, 27, "weeks")]
)
async def test_a_season_has_whole_weeks(database: Database, world: World, starts: date, weeks: int, field: str) -> None:
    async with database.transaction() as tx:
        league = await create_league(tx, world.user_id, "premier", "Premier", NOBODY)
        with pytest.raises(InvalidBody) as refused:
            await create_season(tx, league.id, starts, weeks, NOBODY)
    assert [error.field for error in refused.value.errors] == [field]


async def test_seasons_of_a_league_do_not_overlap(database: Database, world: World) -> None:
    made = await make_league(database, world, weeks=4)
    async with database.transaction() as tx:
        for starts in (START - timedelta(days=21), START, START + timedelta(days=21)):
            with pytest.raises(Conflict):
                await create_season(tx, made.league_id, starts, 4, NOBODY)
        before = await create_season(tx, made.league_id, START - timedelta(days=28), 4, NOBODY)
        after = await create_season(tx, made.league_id, START + timedelta(days=28), 4, NOBODY)
    assert (before.number, after.number, after.name) == (2, 3, "Season 3")


async def test_a_season_opens_once(database: Database, world: World) -> None:
    made = await make_league(database, world, weeks=4)
    async with database.transaction() as tx:
        with pytest.raises(Conflict, match="Season 1 is open, not draft"):
            await open_season(tx, made.season_id, NOBODY)


async def test_a_league_without_repositories_opens_no_season(database: Database, world: World) -> None:
    async with database.transaction() as tx:
        league = await create_league(tx, world.user_id, "premier", "Premier", NOBODY)
        season = await create_season(tx, league.id, START, 6, NOBODY)
        with pytest.raises(Conflict, match="no repository"):
            await open_season(tx, season.id, NOBODY)


async def test_places_change_as_weeks_begin(database: Database, world: World) -> None:
    made = await make_league(database, world, now=MONDAY + timedelta(days=2))
    await arrive(database, made.repos[0], WEEK)
    await until_scored(database)
    assert await points(database, made.season_id) == {"Ada": (39, [39])}
    await keep_seasons(database, MONDAY + timedelta(days=20))
    assert await points(database, made.season_id) == {"Ada": (39, [39, 0, 0])}
    assert (await check_season(database, made.season_id)).differences == []


async def test_a_season_ends_and_closes_when_its_last_week_does(database: Database, world: World) -> None:
    made = await make_league(database, world, now=MONDAY)
    await arrive(database, made.repos[0], WEEK)
    await until_scored(database)
    for days, state in ((41, "open"), (42, "closing"), (49, "closing"), (50, "closed")):
        await keep_seasons(database, MONDAY + timedelta(days=days))
        assert await scalar(database, STATE) == state
    held = await results(database, made.season_id)
    await arrive(database, made.repos[0], [stored("late", MONDAY, title="late")], MONDAY + timedelta(days=41))
    await until_scored(database)
    await keep_seasons(database, MONDAY + timedelta(days=60))
    assert await results(database, made.season_id) == held
    assert (await check_season(database, made.season_id)).differences == []


async def test_a_season_waits_for_the_scorer_before_it_closes(database: Database, world: World) -> None:
    made = await make_league(database, world, now=MONDAY)
    async with database.transaction() as tx:
        with pytest.raises(Conflict, match="last week closes on 24 Feb 2031 at 00:00 UTC"):
            await close_season(tx, made.season_id, NOBODY, MONDAY + timedelta(days=48))
    await arrive(database, made.repos[0], WEEK)
    async with database.transaction() as tx:
        # Whoever holds the mark keeps the scorer of other tests from reading on.
        await hold_mark(tx, made.repos[0], LEAGUES)
        await tx.execute(text("UPDATE follower_marks SET seq = 0 WHERE follower = 'leagues'"))
        with pytest.raises(Conflict, match="not read all commits"):
            await close_season(tx, made.season_id, NOBODY, MONDAY + timedelta(days=49))
    await until_scored(database)
    async with database.transaction() as tx:
        await close_season(tx, made.season_id, NOBODY, MONDAY + timedelta(days=49))
    assert await scalar(database, STATE) == "closed"


async def test_dates_as_written_count_whenever_they_arrive_and_end_by_hand(database: Database, world: World) -> None:
    rules = Rules(dates=Dates.AS_WRITTEN, coauthors=NEW_RULES.coauthors)
    made = await make_league(database, world, rules=rules)
    await arrive(database, made.repos[0], WEEK, MONDAY + timedelta(days=300))
    await until_scored(database)
    await keep_seasons(database, MONDAY + timedelta(days=301))
    assert await points(database, made.season_id) == {"Ada": (39, [39, 0, 0, 0, 0, 0])}
    assert await scalar(database, STATE) == "closing"
    async with database.transaction() as tx:
        await close_season(tx, made.season_id, NOBODY, MONDAY)
    assert await scalar(database, STATE) == "closed"


async def test_an_identity_that_moves_takes_its_whole_season_with_it_and_back(database: Database, world: World) -> None:
    made = await make_league(database, world)
    other = [each | {"sha": each["sha"][::-1], "email": "ada@home.example", "name": "A. L."} for each in WEEK]
    await arrive(database, made.repos[0], [*WEEK[:6], *other])
    await until_scored(database)
    before = await results(database, made.season_id)
    assert await points(database, made.season_id) == {"Ada": (39, [39, 0, 0, 0, 0, 0]), "A. L.": (39, [39] + [0] * 5)}
    players = {row.email: row.id for row in await rows(database, "SELECT id, email FROM identities")}
    home, work = players["ada@home.example"], players["ada@example.com"]
    async with database.transaction() as tx:
        await move(tx, {home: work}, IdentitySource.CLAIM, NOBODY)
    await keep_seasons(database, MONDAY + timedelta(days=45))
    assert await points(database, made.season_id) == {"Ada": (39, [39, 0, 0, 0, 0, 0])}
    assert await scalar(database, "SELECT count(*) FROM ledger WHERE verdict = 9") == 6
    assert (await check_season(database, made.season_id)).differences == []
    async with database.transaction() as tx:
        await move(tx, {home: home}, IdentitySource.SPLIT, NOBODY)
    await keep_seasons(database, MONDAY + timedelta(days=45))
    assert await results(database, made.season_id) == before


async def test_who_hides_has_no_place_and_who_comes_back_has_all_of_it(database: Database, world: World) -> None:
    made = await make_league(database, world)
    await arrive(database, made.repos[0], [*WEEK, stored("ben", name="Ben", email="ben@example.com")])
    await until_scored(database)
    before = await results(database, made.season_id)
    await execute(database, "UPDATE players SET visibility = 'hidden' WHERE name = 'Ada'")
    await keep_seasons(database, MONDAY + timedelta(days=45))
    assert [*await points(database, made.season_id)] == ["Ben"]
    assert await scalar(database, "SELECT rank FROM standings") == 1
    assert await scalar(database, "SELECT count(*) FROM ledger WHERE verdict = 3") == len(WEEK)
    await execute(database, "UPDATE players SET visibility = 'shown'")
    await keep_seasons(database, MONDAY + timedelta(days=45))
    assert await results(database, made.season_id) == before


async def test_whoever_is_said_to_be_a_person_or_a_bot_is_one(database: Database, world: World) -> None:
    made = await make_league(database, world)
    await arrive(database, made.repos[0], [each | {"name": "ada bot"} for each in WEEK])
    await until_scored(database)
    assert await points(database, made.season_id) == {}
    for kind, expected in (("person", {"ada bot"}), ("bot", set()), ("unknown", set())):
        await execute(database, f"UPDATE identities SET kind = '{kind}'")
        await keep_seasons(database, MONDAY + timedelta(days=45))
        assert {*await points(database, made.season_id)} == expected


async def test_an_address_that_many_share_has_a_player_for_each_name(database: Database, world: World) -> None:
    made = await make_league(database, world)
    many = [stored(n, MONDAY + timedelta(minutes=n), name=f"Name {n}", email="none@none") for n in range(23)]
    await arrive(database, made.repos[0], many)
    await until_scored(database)
    assert len(await points(database, made.season_id)) == 23
