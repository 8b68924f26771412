"""What counts when it lands: the default branch's history, first crossings, and the same tables by replay."""

from datetime import timedelta
from random import Random

import pytest

from tests.support.database import execute, rows, scalar
from tests.support.leagues import (
    MONDAY,
    MadeLeague,
    arrive,
    check_preview,
    connect,
    generated,
    make_league,
    move_tip,
    points,
    results,
    stored,
    until_scored,
)
from tests.support.world import World
from tgl_protocol.leagues import CommitVerdict
from tgl_server.db.engine import Database
from tgl_server.leagues.chain import verify_season
from tgl_server.leagues.landing import crossings
from tgl_server.leagues.models import VERDICTS
from tgl_server.leagues.replay import check_season, write_season
from tgl_server.leagues.rules import CoAuthors, Counting, Rules
from tgl_server.leagues.scoring import to_day
from tgl_server.leagues.seasons import keep_seasons

LANDED = Rules(counting=Counting.LANDED, coauthors=CoAuthors.OFF)
DAY = timedelta(days=1)
ROOT = stored("root", MONDAY - 30 * DAY)


async def make_landed(database: Database, world: World, rules: Rules = LANDED) -> MadeLeague:
    """A season over a repository whose default branch is known: what is landed counts."""
    await arrive(database, world.repo_id, [ROOT], MONDAY - 29 * DAY)
    await connect(database, world.repo_id, {ROOT["sha"]: []})
    await move_tip(database, world.repo_id, ROOT["sha"], MONDAY - 29 * DAY)
    await until_scored(database)
    return await make_league(database, world, rules=rules)


async def verdicts(database: Database) -> dict[bytes, tuple[CommitVerdict, int]]:
    """The verdict and the day of the week of each commit of the season's first weeks."""
    first = to_day(MONDAY.date())
    return {
        row.sha: (VERDICTS[row.verdict], row.day - first)
        for row in await rows(database, "SELECT sha, verdict, day FROM ledger")
    }


async def test_a_commit_counts_when_it_has_landed_and_stays_landed(database: Database, world: World) -> None:
    made = await make_landed(database, world)
    repo_id = made.repos[0]
    own = [stored(day, MONDAY + day * DAY) for day in range(3)]
    await arrive(database, repo_id, own)
    await connect(database, repo_id, {each["sha"]: [ROOT["sha"]] for each in own})
    await until_scored(database)
    shas = [each["sha"] for each in own]
    assert {verdict for verdict, _ in (await verdicts(database)).values()} == {CommitVerdict.NOT_LANDED}
    assert await points(database, made.season_id) == {}
    # The first lands on its day, the second after its week was closed, and the third never.
    await move_tip(database, repo_id, shas[0], MONDAY + DAY)
    await until_scored(database)
    await move_tip(database, repo_id, shas[1], MONDAY + 17 * DAY)
    await until_scored(database)
    expected = {
        shas[0]: (CommitVerdict.COUNTED, 0),
        shas[1]: (CommitVerdict.LATE, 15),
        shas[2]: (CommitVerdict.NOT_LANDED, 2),
    }
    assert await verdicts(database) == expected
    assert await points(database, made.season_id) == {"Ada": (16, [8, 0, 8, 0, 0, 0])}
    # The first is no longer below the tip; and later both are again.
    await connect(database, repo_id, {shas[1]: [shas[0]]})
    await move_tip(database, repo_id, shas[1], MONDAY + 20 * DAY)
    await until_scored(database)
    assert await verdicts(database) == expected
    assert (await check_season(database, made.season_id)).differences == []
    held = await results(database, made.season_id)
    await write_season(database, made.season_id)
    assert await results(database, made.season_id) == held
    await execute(database, "DELETE FROM landed WHERE sha = :sha", sha=shas[0])
    assert "landed" in {found.table for found in (await check_season(database, made.season_id)).differences}


@pytest.mark.parametrize("seed", range(2))
async def test_what_landed_is_what_the_reference_says_in_any_order(database: Database, world: World, seed: int) -> None:
    """Commits of a random graph, and tips that jump about in it, with pushes between."""
    chance = Random(seed)
    made = await make_landed(database, world)
    repo_id = made.repos[0]
    known = [ROOT["sha"]]
    parents: dict[bytes, list[bytes]] = {ROOT["sha"]: []}
    tips = [(ROOT["sha"], MONDAY - 29 * DAY)]
    for turn in range(8):
        batch = {each["sha"]: each for each in generated(chance, 20)}
        batch = {sha: each for sha, each in batch.items() if sha not in parents}
        above = {sha: chance.sample(known[-12:], min(len(known), chance.choice([1, 1, 2]))) for sha in batch}
        await arrive(database, repo_id, batch.values(), MONDAY + (4 * turn) * DAY)
        await connect(database, repo_id, above)
        parents |= above
        known += above
        tips.append((chance.choice(known[-8:]), MONDAY + (4 * turn + 1) * DAY))
        await move_tip(database, repo_id, *tips[-1])
        if chance.random() < 0.6:
            await until_scored(database)
    await until_scored(database)
    found = {row.sha: row.at for row in await rows(database, "SELECT sha, at FROM landed")}
    assert found == crossings(tips, parents)
    assert 10 < len(found) < len(parents)
    assert (await check_season(database, made.season_id)).differences == []
    held = await results(database, made.season_id)
    assert held["standings"]
    await check_preview(database, made, LANDED)
    await execute(
        database,
        "DELETE FROM ledger",
        "DELETE FROM landed",
        "DELETE FROM player_days",
        "UPDATE follower_marks SET seq = 0 WHERE follower = 'leagues'",
    )
    await until_scored(database)
    assert await results(database, made.season_id) == held


async def test_what_is_pushed_counts_where_no_default_branch_is_known(database: Database, world: World) -> None:
    made = await make_league(database, world, rules=LANDED)
    assert await scalar(database, "SELECT counting FROM season_repos") == "pushed"
    await arrive(database, made.repos[0], [stored(1)])
    await move_tip(database, made.repos[0], stored(1)["sha"], MONDAY + DAY)
    await until_scored(database)
    assert await points(database, made.season_id) == {"Ada": (8, [8, 0, 0, 0, 0, 0])}
    assert await scalar(database, "SELECT counting FROM season_repos") == "pushed"
    assert (await check_season(database, made.season_id)).differences == []


async def test_copies_of_a_sealed_week_that_land_later_count_once(database: Database, world: World) -> None:
    made = await make_landed(database, world)
    repo_id = made.repos[0]
    one = stored("one", MONDAY)
    rebased = {**one, "sha": stored("rebased")["sha"]}
    await arrive(database, repo_id, [one, rebased])
    await connect(database, repo_id, {one["sha"]: [ROOT["sha"]], rebased["sha"]: [one["sha"]]})
    await until_scored(database)
    await keep_seasons(database, MONDAY + 22 * DAY)
    assert await scalar(database, "SELECT sealed FROM seasons") == 2
    await move_tip(database, repo_id, rebased["sha"], MONDAY + 23 * DAY)
    await until_scored(database)
    found = await verdicts(database)
    assert {verdict for verdict, _ in found.values()} == {CommitVerdict.LATE, CommitVerdict.COPY}
    assert await points(database, made.season_id) == {"Ada": (8, [0, 0, 0, 8, 0, 0])}
    async with database.transaction() as tx:
        assert (await verify_season(tx, made.season_id)).broken == []
    assert (await check_season(database, made.season_id)).differences == []
