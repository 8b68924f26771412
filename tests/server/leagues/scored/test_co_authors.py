"""Co-authors: whom a commit credits besides its author, and what changes when these people move, hide or are bots."""

from datetime import timedelta
from typing import Any

from tests.support.database import execute, rows, scalar
from tests.support.leagues import (
    MONDAY,
    NOBODY,
    arrive,
    check_preview,
    make_league,
    points,
    results,
    stored,
    until_scored,
)
from tests.support.world import World
from tgl_protocol.players import IdentitySource
from tgl_server.db.engine import Database
from tgl_server.leagues.replay import check_season, write_season
from tgl_server.leagues.seasons import keep_seasons
from tgl_server.leagues.service import NEW_RULES
from tgl_server.players.moving import move

LATER = MONDAY + timedelta(days=45)


def named(*people: str) -> str:
    """The body of a message with trailers."""
    return "\n".join(["Why.", "", *(f"Co-Authored-By: {each} <{each.lower()}@example.com>" for each in people)])


def day(number: int, **fields: Any) -> dict[str, Any]:
    return stored((number, *sorted(fields.items())), MONDAY + timedelta(days=number, hours=9), **fields)


async def test_lines_are_shared_and_days_of_others_alone_count_once_a_week(database: Database, world: World) -> None:
    made = await make_league(database, world)
    # Ada writes 90 lines on each of three days; Ben is named on all, and writes one of his own on the last.
    shared = [day(number, additions=90, body=named("Ben", "Ada")) for number in range(3)]
    await arrive(database, made.repos[0], shared)
    await until_scored(database)
    # 45 lines and a change are 10 + 1 points, 45 lines alone 10.
    assert await points(database, made.season_id) == {"Ada": (33, [33] + [0] * 5), "Ben": (10, [10] + [0] * 5)}
    await arrive(database, made.repos[0], [day(2, additions=1, name="Ben", email="ben@example.com")])
    await until_scored(database)
    assert await points(database, made.season_id) == {"Ada": (33, [33] + [0] * 5), "Ben": (21, [21] + [0] * 5)}
    # The author has the remainder: of 100 lines shared by four, everybody has 25, and of 103 Ada has 28.
    await arrive(database, made.repos[0], [day(8, additions=103, body=named("Ben", "Cem", "Dia", "Eve"))])
    await until_scored(database)
    days = await rows(database, "SELECT p.name, d.value FROM player_days d JOIN players p ON p.id = d.player_id "
                                "WHERE d.day = (SELECT max(day) FROM player_days) ORDER BY p.name")  # fmt: skip
    assert [tuple(row) for row in days] == [("Ada", 28), ("Ben", 25), ("Cem", 25), ("Dia", 25)]
    await check_preview(database, made, NEW_RULES)
    assert (await check_season(database, made.season_id)).differences == []


async def test_a_copy_without_trailers_that_wins_shares_nothing(database: Database, world: World) -> None:
    made = await make_league(database, world)
    copy = day(0, additions=90, body=named("Ben"))
    await arrive(database, made.repos[0], [copy])
    await until_scored(database)
    assert set(await points(database, made.season_id)) == {"Ada", "Ben"}
    await arrive(database, made.repos[0], [{**copy, "sha": bytes(20), "body": None}], copy["at"] + timedelta(hours=1))
    await until_scored(database)
    assert set(await points(database, made.season_id)) == {"Ada"}
    assert (await check_season(database, made.season_id)).differences == []


async def test_the_human_co_authors_of_a_bots_commit_count_as_if_they_had_written_it(
    database: Database, world: World
) -> None:
    made = await make_league(database, world)
    bot = {"name": "helper[bot]", "email": "helper@example.com"}
    await arrive(database, made.repos[0], [day(0, additions=80, body=named("Copilot", "Ben", "Cem"), **bot)])
    await until_scored(database)
    # 40 lines each, and the change is Ben's.
    assert await points(database, made.season_id) == {"Ben": (11, [11] + [0] * 5), "Cem": (10, [10] + [0] * 5)}
    assert (await check_season(database, made.season_id)).differences == []
    before = await results(database, made.season_id)
    for kind in ("person", "unknown"):
        query = "UPDATE identities SET kind = :kind WHERE email = 'helper@example.com'"
        await execute(database, query, kind=kind)
        await keep_seasons(database, LATER)
        assert (await check_season(database, made.season_id)).differences == []
        assert ("helper[bot]" in await points(database, made.season_id)) == (kind == "person")
    assert await results(database, made.season_id) == before


async def test_a_co_author_who_moves_hides_or_is_a_bot_takes_their_parts_along(
    database: Database, world: World
) -> None:
    made = await make_league(database, world)
    own = [day(number, additions=90, body=named("Ben", "Home")) for number in range(2)]
    await arrive(database, made.repos[0], [*own, day(3, name="Ben", email="ben@example.com")])
    await until_scored(database)
    before, table = await results(database, made.season_id), await points(database, made.season_id)
    assert set(table) == {"Ada", "Ben", "Home"}
    ids = {row.email: row.id for row in await rows(database, "SELECT id, email FROM identities")}
    home, ben = ids["home@example.com"], ids["ben@example.com"]
    async with database.transaction() as tx:
        await move(tx, {home: ben}, IdentitySource.CLAIM, NOBODY)
    await keep_seasons(database, LATER)
    # Both trailers are one person now: 45 lines and not 30.
    assert set(await points(database, made.season_id)) == {"Ada", "Ben"}
    assert await scalar(database, "SELECT max(value) FROM ledger_shares") == 45
    assert (await check_season(database, made.season_id)).differences == []
    async with database.transaction() as tx:
        await move(tx, {home: home}, IdentitySource.SPLIT, NOBODY)
    await keep_seasons(database, LATER)
    assert await results(database, made.season_id) == before
    for there, back in (
        ("UPDATE players SET visibility = 'hidden' WHERE name = 'Home'", "UPDATE players SET visibility = 'shown'"),
        (
            "UPDATE identities SET kind = 'bot' WHERE email = 'home@example.com'",
            "UPDATE identities SET kind = 'unknown'",
        ),
    ):
        await execute(database, there)
        await keep_seasons(database, LATER)
        assert set(await points(database, made.season_id)) == {"Ada", "Ben"}
        assert (await check_season(database, made.season_id)).differences == []
        await execute(database, back)
        await keep_seasons(database, LATER)
        assert await results(database, made.season_id) == before
    await write_season(database, made.season_id)
    assert await results(database, made.season_id) == before
