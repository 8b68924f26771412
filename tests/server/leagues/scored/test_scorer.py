"""The scorer: its tables are those of the Python reference, whatever came in which order."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from tests.support.database import execute, rows, scalar
from tests.support.leagues import (
    MONDAY,
    NOBODY,
    arrive,
    generated,
    make_league,
    points,
    results,
    stored,
    until_scored,
)
from tests.support.stored_seasons import assert_reference
from tests.support.world import World
from tgl_server.access.ids import RepoId
from tgl_server.commits.models import IngestKind
from tgl_server.commits.service import log_change
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.followers.service import hold_mark
from tgl_server.leagues.follower import LEAGUES
from tgl_server.leagues.models import VERDICT_CODES, VERDICTS
from tgl_server.leagues.replay import check_season, write_season
from tgl_server.leagues.rules import Counting, Dates, Late
from tgl_server.leagues.service import NEW_RULES, RepoOfLeague, set_repos
from tgl_server.projects.service import delete_repo


async def fill(database: Database, repos: list[RepoId], chance: Random, count: int, batches: int) -> None:
    """Commits in batches of many sizes, over all repositories, which arrive at many times."""
    commits = generated(chance, count)
    for _ in range(batches):
        some = chance.sample(commits, chance.randrange(1, max(2, len(commits) // 3)))
        latest = max(commit["at"] for commit in some)
        arrived = latest + timedelta(days=chance.choice([0, 0, 1, 9, 30]), seconds=1)
        await arrive(database, chance.choice(repos), {each["sha"]: each for each in some}.values(), arrived)


#: Rules that judge otherwise than usual: another day, late work that counts for nothing, dates as they are written.
RULES = [
    NEW_RULES,
    replace(NEW_RULES, day_offset_minutes=-330, late=Late.VOID, grace_days=6, line_cap=31),
    replace(NEW_RULES, day_offset_minutes=765, dates=Dates.AS_WRITTEN, counting=Counting.PUSHED),
]


@pytest.mark.parametrize("number", range(3))
async def test_the_tables_are_those_of_the_reference(database: Database, world: World, number: int) -> None:
    chance = Random(number)
    made = await make_league(database, world, repos=3, rules=RULES[number])
    trusted = "UPDATE league_repos SET dates_trusted_until = :at, counts_from = :day WHERE position = 1"
    await execute(database, trusted, at=MONDAY + timedelta(days=9), day=(MONDAY + timedelta(days=3)).date())
    for _ in range(4):
        await fill(database, made.repos, chance, 120, 4)
        await until_scored(database)
    found = await check_season(database, made.season_id)
    assert found.differences == []
    assert found.commits > 150
    await assert_reference(database, made.season_id)
    once = await results(database, made.season_id)
    await write_season(database, made.season_id)
    assert await results(database, made.season_id) == once
    assert await scalar(database, "SELECT count(*) > 0 FROM ledger_shares")
    verdicts = {VERDICTS[code] for (code,) in await rows(database, "SELECT DISTINCT verdict FROM ledger")}
    assert {"merge", "bot", "empty", "revert", "copy", "counted"} <= verdicts
    assert ("late", "too_late", "counted")[number] in verdicts


@pytest.mark.slow
async def test_ten_thousand_days_are_those_of_the_reference(database: Database, world: World) -> None:
    """Of 320 players over 6 weeks, in three repositories that are filled in many parts."""
    chance = Random(10_000)
    made = await make_league(database, world, repos=3)
    people = [f"player {number}" for number in range(320)]
    for _ in range(14):
        commits = generated(chance, 2500, people)
        for repo_id in made.repos:
            some = sorted(chance.sample(commits, 1500), key=lambda each: each["at"])
            for start in range(0, len(some), 150):  # soon after they were written, else all of them are late
                part = some[start : start + 150]
                await arrive(database, repo_id, {each["sha"]: each for each in part}.values())
        await until_scored(database)
    found = await assert_reference(database, made.season_id)
    assert len(found.days) > 10_000
    assert (await check_season(database, made.season_id)).differences == []
    once = await results(database, made.season_id)
    await write_season(database, made.season_id)
    assert await results(database, made.season_id) == once


async def test_any_split_order_and_repetition_of_batches_is_one_batch(database: Database, world: World) -> None:
    """The same commits, with the same moments of arrival, followed in another order and grouping."""
    made = await make_league(database, world, repos=3)
    await fill(database, made.repos, Random(5), 200, 12)
    await until_scored(database)
    once = await results(database, made.season_id)
    log = await rows(database, "SELECT repo_id, seq FROM ingest_log ORDER BY repo_id, seq")
    for turn in range(3):
        chance = Random(turn)
        forgotten = "DELETE FROM ledger", "DELETE FROM player_days", "DELETE FROM player_weeks", "DELETE FROM standings"
        await execute(database, *forgotten, "UPDATE follower_marks SET seq = 0 WHERE follower = 'leagues'")
        for row in chance.sample(log, len(log)):
            await execute(
                database,
                "UPDATE follower_marks SET seq = :seq - 1 WHERE follower = 'leagues' AND repo_id = :repo_id",
                repo_id=row.repo_id,
                seq=row.seq,
            )
            if chance.random() < 0.5:
                await until_scored(database)
        await execute(database, "UPDATE follower_marks SET seq = 0 WHERE follower = 'leagues'")
        await until_scored(database)
        assert await results(database, made.season_id) == once


async def test_a_season_that_opens_later_has_the_same_tables(database: Database, world: World) -> None:
    await fill(database, [RepoId(world.repo_id)], Random(9), 150, 6)
    await until_scored(database)
    made = await make_league(database, world)
    once = await results(database, made.season_id)
    assert once["standings"]
    assert (await check_season(database, made.season_id)).differences == []
    await write_season(database, made.season_id)
    assert await results(database, made.season_id) == once


async def test_an_honest_week_counts_to_the_point(database: Database, world: World) -> None:
    made = await make_league(database, world)
    week = [stored((day, n), MONDAY + timedelta(days=day, hours=9 + n)) for day in range(5) for n in range(2)]
    await arrive(database, made.repos[0], week)
    await until_scored(database)
    assert await points(database, made.season_id) == {"Ada": (39, [39, 0, 0, 0, 0, 0])}


async def test_deleted_commits_are_no_longer_counted(database: Database, world: World) -> None:
    made = await make_league(database, world)
    await fill(database, made.repos, Random(3), 100, 5)
    await until_scored(database)
    async with database.transaction() as tx:
        await hold_mark(tx, made.repos[0], LEAGUES)
        await tx.execute(text("DELETE FROM commits WHERE author_email <> 'ben@example.com'"))
        await log_change(tx, made.repos[0], IngestKind.REMOVED)
    await until_scored(database)
    assert (await check_season(database, made.season_id)).differences == []
    assert await points(database, made.season_id)
    assert await scalar(database, "SELECT count(*) FROM ledger WHERE sha NOT IN (SELECT sha FROM commits)") == 0


async def test_a_deleted_repository_leaves_its_copies_to_another(database: Database, world: World) -> None:
    made = await make_league(database, world, repos=2)
    week = [stored((day, n), MONDAY + timedelta(days=day, hours=9 + n)) for day in range(5) for n in range(2)]
    await arrive(database, made.repos[0], week)
    await arrive(database, made.repos[1], [each | {"sha": each["sha"][::-1]} for each in week[:6]])
    await until_scored(database)
    async with database.transaction() as tx:
        await delete_repo(tx, made.repos[0], NOBODY, FOLLOWERS)
    assert await points(database, made.season_id) == {"Ada": (39, [39, 0, 0, 0, 0, 0])}
    assert (await check_season(database, made.season_id)).commits == 6


async def test_repositories_that_join_and_leave_a_league_are_scored(database: Database, world: World) -> None:
    made = await make_league(database, world, repos=2)
    await arrive(database, made.repos[0], [stored(1)])
    await arrive(database, made.repos[1], [stored(2, MONDAY + timedelta(days=1)), stored(1)])
    await until_scored(database)
    twice = "SELECT sha FROM ledger GROUP BY sha HAVING count(*) = 2"
    counted = f"SELECT repo_id FROM ledger WHERE verdict = 22 AND sha = ({twice})"
    assert await scalar(database, counted) == made.repos[0]
    async with database.transaction() as tx:
        await set_repos(tx, made.league_id, [RepoOfLeague(repo_id) for repo_id in reversed(made.repos)], NOBODY)
    assert await scalar(database, counted) == made.repos[1]
    async with database.transaction() as tx:
        await set_repos(tx, made.league_id, [RepoOfLeague(made.repos[0])], NOBODY)
    assert await points(database, made.season_id) == {"Ada": (8, [8, 0, 0, 0, 0, 0])}
    assert (await check_season(database, made.season_id)).differences == []


async def test_a_struck_change_stays_struck_when_its_repository_is_deleted(database: Database, world: World) -> None:
    made = await make_league(database, world, repos=2)
    await arrive(database, made.repos[0], [stored(1)])
    await arrive(database, made.repos[1], [stored(1, sha=bytes(20))])
    await execute(
        database,
        "INSERT INTO strikes (season_id, sha, reason) VALUES (:season_id, :sha, 'generated')",
        season_id=made.season_id,
        sha=stored(1)["sha"],
    )
    await until_scored(database)
    assert await points(database, made.season_id) == {}
    async with database.transaction() as tx:
        await delete_repo(tx, made.repos[0], NOBODY, FOLLOWERS)
    assert await points(database, made.season_id) == {}
    assert await scalar(database, "SELECT verdict FROM ledger") == 0


@pytest.mark.parametrize("table", ["ledger", "player_days", "player_weeks", "standings"])
async def test_a_row_that_was_changed_is_found(database: Database, world: World, table: str) -> None:
    made = await make_league(database, world)
    await arrive(database, made.repos[0], [stored(n, MONDAY + timedelta(days=n)) for n in range(3)])
    await until_scored(database)
    column = "verdict" if table == "ledger" else "points"
    await execute(database, f"UPDATE {table} SET {column} = {column} - 1 WHERE ctid = (SELECT min(ctid) FROM {table})")
    found = (await check_season(database, made.season_id)).differences
    assert [difference.table for difference in found] == [table]
    await write_season(database, made.season_id)
    assert (await check_season(database, made.season_id)).differences == []


async def test_verify_finds_a_commit_that_was_not_scored(database: Database, world: World) -> None:
    made = await make_league(database, world, repos=2)
    early = MONDAY - timedelta(days=2)
    await arrive(database, made.repos[0], [stored(1), stored(2), stored(3, early), stored(4, MONDAY)], MONDAY)
    await arrive(database, made.repos[1], [stored(5, MONDAY + timedelta(days=3))], early)
    await until_scored(database)
    async with database.statements() as connection:
        assert await LEAGUES.find_wrong(connection) == []
    await execute(database, "DELETE FROM ledger WHERE sha = :sha", sha=stored(2)["sha"])
    async with database.statements() as connection:
        assert await LEAGUES.find_wrong(connection) == [made.repos[0]]


async def test_floor_division_is_one_and_the_same_in_both_languages(database: Database) -> None:
    pairs = [(a, b) for a in range(-15, 16) for b in (-7, -3, -1, 1, 2, 7)] + [(-(10**12), 86400), (10**12, -86400)]
    query = """
        SELECT floor_div(a, b) AS div, floor_mod(a, b) AS mod
        FROM unnest(CAST(:a AS bigint[]), CAST(:b AS bigint[])) WITH ORDINALITY AS u (a, b, n) ORDER BY n
    """
    found = await rows(database, query, a=[a for a, _ in pairs], b=[b for _, b in pairs])
    assert [tuple(row) for row in found] == [(a // b, a % b) for a, b in pairs]


def test_verdicts_keep_their_numbers() -> None:
    expected: dict[str, Any] = {
        "struck": 0, "before_repo": 1, "merge": 2, "opted_out": 3, "bot": 4, "empty": 5, "revert": 6, "not_landed": 7,
        "too_late": 8, "copy": 9, "future": 20, "late": 21, "counted": 22,
    }  # fmt: skip
    assert expected == VERDICT_CODES
    assert all(verdict.counts == (code >= 20) for verdict, code in VERDICT_CODES.items())
