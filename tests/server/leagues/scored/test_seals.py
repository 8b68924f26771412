"""Seals: weeks that are closed do not change, but by an amendment, and a change by any other way is found."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec import Struct
from sqlalchemy.exc import IntegrityError

from tests.support.database import execute, rows, scalar
from tests.support.leagues import MONDAY, NOBODY, MadeLeague, arrive, make_league, points, results, stored, until_scored
from tests.support.world import World
from tgl_protocol.players import IdentitySource
from tgl_protocol.seals import AmendmentWish
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.errors import Conflict, InvalidBody
from tgl_server.features import FOLLOWERS
from tgl_server.leagues.amending import amend_season
from tgl_server.leagues.chain import list_seals, verify_season
from tgl_server.leagues.models import Season
from tgl_server.leagues.replay import check_season, write_season
from tgl_server.leagues.rules import Rules
from tgl_server.leagues.seasons import find_season, keep_seasons
from tgl_server.leagues.service import NEW_RULES, add_rules
from tgl_server.leagues.strikes import strike, take_back
from tgl_server.players.moving import move
from tgl_server.projects.service import delete_repo

BEN: dict[str, Any] = {"name": "Ben", "email": "ben@example.com"}
OLD: dict[str, Any] = {"name": "Ada", "email": "ada@old.example"}
#: Two changes, as they share a title alone; the bridge shares the second too with one, and the size with the other.
FIRST = stored("first", MONDAY, title="Same", additions=40)
SECOND = stored("second", MONDAY + timedelta(days=1), title="Same", additions=50)
BRIDGE = stored("bridge", MONDAY, title="Same", additions=50)


def weeks_of(person: dict[str, Any], count: int = 4) -> list[dict[str, Any]]:
    return [
        stored((person["email"], week, day), MONDAY + timedelta(weeks=week, days=day, seconds=7), **person)
        for week in range(count)
        for day in range(2)
    ]


class Played(Struct, frozen=True):
    """A season with four sealed weeks of Ada's two addresses and Ben's; Ben's commits are in both repositories."""

    made: MadeLeague
    seals: list[bytes]


@pytest.fixture
async def played(database: Database, world: World) -> Played:
    made = await make_league(database, world, repos=2, now=MONDAY)
    for person in (OLD, BEN):
        for commit in weeks_of(person):
            await arrive(database, made.repos[0], [commit])
    for commit in (FIRST, SECOND):
        await arrive(database, made.repos[0], [commit])
    for commit in weeks_of(BEN):
        await arrive(database, made.repos[1], [commit])
    await until_scored(database)
    await keep_seasons(database, MONDAY + timedelta(days=36))
    assert await scalar(database, "SELECT sealed FROM seasons") == 4
    return Played(made, await hashes(database))


async def hashes(database: Database) -> list[bytes]:
    return [row[0] for row in await rows(database, "SELECT sha256 FROM seals ORDER BY seq")]


async def payloads(database: Database) -> dict[int, str]:
    """The lines that the last seal of each week holds."""
    found = await rows(database, "SELECT week, payload FROM seals WHERE kind <> 'season' ORDER BY seq")
    return {row.week: row.payload for row in found}


async def broken(database: Database, season_id: UUID) -> list[tuple[int | None, str]]:
    async with database.transaction() as tx:
        return [(each.week, each.reason) for each in (await verify_season(tx, season_id)).broken]


async def chain(database: Database, season_id: UUID) -> list[tuple[str, int | None]]:
    async with database.transaction() as tx:
        return [(seal.kind, seal.week) for seal in await list_seals(tx, season_id, None)]


async def season_of(tx: Any, made: MadeLeague) -> Season:
    return await find_season(tx, made.league_id, 1)


async def test_weeks_are_sealed_in_a_chain_and_a_changed_byte_is_found_at_its_week(
    database: Database, played: Played
) -> None:
    made = played.made
    assert await chain(database, made.season_id) == [("week", 1), ("week", 2), ("week", 3), ("week", 4)]
    assert await broken(database, made.season_id) == []
    assert (await check_season(database, made.season_id)).differences == []
    await keep_seasons(database, MONDAY + timedelta(days=37))
    assert await hashes(database) == played.seals
    day = "SELECT max(day) FROM player_days WHERE day < (SELECT min(day) FROM player_days) + 21"
    await execute(database, f"UPDATE player_days SET value = value + 1 WHERE day = ({day})")
    assert {week for week, _ in await broken(database, made.season_id)} == {3}
    for change in ("UPDATE seals SET reason = 'x'", "DELETE FROM seals", "TRUNCATE seals"):
        with pytest.raises(IntegrityError, match="seals never change"):
            await execute(database, change)


async def test_a_late_commit_joins_changes_of_sealed_weeks_and_both_still_count(
    database: Database, played: Played
) -> None:
    made = played.made
    before = await points(database, made.season_id)
    await arrive(database, made.repos[0], [BRIDGE], MONDAY + timedelta(days=36))
    await until_scored(database)
    names = "SELECT count(DISTINCT change) FROM ledger WHERE sha = ANY(:shas)"
    shas = [commit["sha"] for commit in (FIRST, SECOND, BRIDGE)]
    assert await scalar(database, names, shas=shas) == 1
    assert await points(database, made.season_id) == before
    assert await hashes(database) == played.seals
    assert (await check_season(database, made.season_id)).differences == []


async def test_a_claim_amends_the_sealed_weeks_and_its_split_restores_them(database: Database, played: Played) -> None:
    made = played.made
    before, sealed = await results(database, made.season_id), await payloads(database)
    (identity,) = await rows(database, "SELECT id, player_id FROM identities WHERE email = 'ada@old.example'")
    ada = await scalar(database, "SELECT player_id FROM identities WHERE email = 'ada@example.com'")
    for player, reason in ((ada, "her old address"), (identity.player_id, "it was not hers")):
        async with database.transaction() as tx:
            await move(tx, {identity.id: player}, IdentitySource.CLAIM, NOBODY, reason=reason)
        await keep_seasons(database, MONDAY + timedelta(days=36))
        assert await broken(database, made.season_id) == []
        assert (await check_season(database, made.season_id)).differences == []
    assert await results(database, made.season_id) == before
    assert await payloads(database) == sealed
    async with database.transaction() as tx:
        seals = await list_seals(tx, made.season_id, None)
    assert [(seal.kind, seal.week) for seal in seals[4:8]] == [("amend", 1), ("week", 2), ("week", 3), ("week", 4)]
    reasons = [seal.reason.partition(", event ")[0] for seal in seals if seal.kind == "amend"]
    assert reasons == ["Identities have moved: claim", "Identities have moved: claim"]
    assert {change.points_after for change in seals[4].changes} == {0, 61}
    assert [row[0] for row in await rows(database, "SELECT sha256 FROM seals ORDER BY seq LIMIT 4")] == played.seals


async def test_strikes_and_a_deleted_repository_amend_and_copies_elsewhere_count(
    database: Database, played: Played
) -> None:
    made = played.made
    before, sealed = await points(database, made.season_id), await payloads(database)
    async with database.transaction() as tx:
        await strike(tx, await season_of(tx, made), FIRST["sha"], "generated", NOBODY)
    assert (await chain(database, made.season_id))[4] == ("amend", 1)
    async with database.transaction() as tx:
        await take_back(tx, await season_of(tx, made), FIRST["sha"], NOBODY)
    assert await payloads(database) == sealed
    async with database.transaction() as tx:
        await delete_repo(tx, RepoId(made.repos[0]), NOBODY, FOLLOWERS)
    assert await points(database, made.season_id) == {"Ben": before["Ben"]}
    assert await broken(database, made.season_id) == []
    assert (await check_season(database, made.season_id)).differences == []
    await write_season(database, made.season_id)
    assert await broken(database, made.season_id) == []


async def test_a_closed_season_changes_by_an_amendment_alone(database: Database, played: Played) -> None:
    made = played.made
    await keep_seasons(database, MONDAY + timedelta(days=60))
    sealed, held = await hashes(database), await results(database, made.season_id)
    assert (await chain(database, made.season_id))[-3:] == [("week", 5), ("week", 6), ("season", None)]
    await arrive(database, made.repos[0], [stored("late", MONDAY, title="late")], MONDAY + timedelta(days=61))
    await until_scored(database)
    async with database.transaction() as tx:
        await add_rules(tx, made.league_id, Rules(best_days=1, coauthors=NEW_RULES.coauthors), "", NOBODY)
        await delete_repo(tx, RepoId(made.repos[0]), NOBODY, FOLLOWERS)
    await execute(database, "UPDATE players SET name = 'Somebody'")
    await keep_seasons(database, MONDAY + timedelta(days=62))
    assert (await hashes(database), await results(database, made.season_id)) == (sealed, held)
    assert await broken(database, made.season_id) == []

    wish = AmendmentWish(reason="generated", strike=[FIRST["sha"].hex()])
    async with database.transaction() as tx:
        shown = await amend_season(tx, await season_of(tx, made), wish, NOBODY, None)
    assert (shown.is_done, shown.week, len(shown.changes)) == (False, 1, 1)
    assert (await hashes(database), await results(database, made.season_id)) == (sealed, held)
    for token, fits in (("0" * 32, False), (shown.token, True)):
        confirmed = AmendmentWish(reason="generated", strike=wish.strike, confirm=token)
        async with database.transaction() as tx:
            if fits:
                done = await amend_season(tx, await season_of(tx, made), confirmed, NOBODY, None)
            else:
                with pytest.raises(Conflict, match="not what the preview has shown"):
                    await amend_season(tx, await season_of(tx, made), confirmed, NOBODY, None)
                await tx.rollback()
    assert done.changes == shown.changes
    assert (await hashes(database))[: len(sealed)] == sealed
    assert (await chain(database, made.season_id))[len(sealed)] == ("amend", 1)
    assert await broken(database, made.season_id) == []
    assert (await check_season(database, made.season_id)).differences == []


async def test_parts_of_co_authors_move_with_their_identities_in_a_closed_season(
    database: Database, world: World
) -> None:
    made = await make_league(database, world, rules=Rules(), now=MONDAY)
    trailers = "Co-authored-by: Ben <ben@old.example>"
    await arrive(database, made.repos[0], [stored("shared", additions=90, body=trailers), stored("b", **BEN)])
    await until_scored(database)
    await keep_seasons(database, MONDAY + timedelta(days=60))
    old = await scalar(database, "SELECT id FROM identities WHERE email = 'ben@old.example'")
    ben = await scalar(database, "SELECT player_id FROM identities WHERE email = 'ben@example.com'")
    async with database.transaction() as tx:
        await move(tx, {old: ben}, IdentitySource.CLAIM, NOBODY, reason="his")
    token = None
    for is_done in (False, True):
        async with database.transaction() as tx:
            wish = AmendmentWish(reason="his", confirm=token)
            shown = await amend_season(tx, await season_of(tx, made), wish, NOBODY, None)
        assert shown.is_done == is_done
        token = shown.token
    assert [(each.points_before, each.points_after) for each in shown.changes if each.player_id == ben] == [(8, 11)]
    assert await broken(database, made.season_id) == []
    assert (await check_season(database, made.season_id)).differences == []


@pytest.mark.parametrize("is_closed", [False, True], ids=["by hand", "by an amendment"])
async def test_a_strike_is_taken_back_with_those_on_all_copies(
    database: Database, played: Played, *, is_closed: bool
) -> None:
    made = played.made
    before = await points(database, made.season_id)
    ben = weeks_of(BEN)[0]["sha"]
    fork = stored("fork", MONDAY + timedelta(seconds=7), title=f"commit {(BEN['email'], 0, 0)}", additions=29, **BEN)
    await arrive(database, made.repos[1], [fork], MONDAY + timedelta(days=36))
    await until_scored(database)
    async with database.transaction() as tx:
        for sha in (ben, fork["sha"]):
            await strike(tx, await season_of(tx, made), sha, "generated", NOBODY)
    assert (await points(database, made.season_id))["Ben"] < before["Ben"]
    if not is_closed:
        async with database.transaction() as tx:
            assert await take_back(tx, await season_of(tx, made), fork["sha"], NOBODY) == 2
    else:
        await keep_seasons(database, MONDAY + timedelta(days=60))
        await amend(database, made, AmendmentWish(reason="it was not", take_back=[fork["sha"].hex()]))
        again = AmendmentWish(reason="again", take_back=[ben.hex()])
        async with database.transaction() as tx:
            with pytest.raises(InvalidBody) as refused:
                await amend_season(tx, await season_of(tx, made), again, NOBODY, None)
        assert [fault.message for fault in refused.value.errors] == ["The change of this commit is not struck"]
    assert await rows(database, "SELECT * FROM strikes") == []
    assert (await points(database, made.season_id))["Ben"][0] >= before["Ben"][0]
    assert await broken(database, made.season_id) == []
    assert (await check_season(database, made.season_id)).differences == []


async def amend(database: Database, made: MadeLeague, wish: AmendmentWish) -> None:
    for _ in range(2):
        async with database.transaction() as tx:
            shown = await amend_season(tx, await season_of(tx, made), wish, NOBODY, None)
        wish = AmendmentWish(reason=wish.reason, strike=wish.strike, take_back=wish.take_back, confirm=shown.token)
