"""What scoring costs: processor time of this process and of PostgreSQL, so that a busy machine matters little.

    python -m benchmarks.league --commits 100000

A season of 26 weeks with 200 players over 20 repositories; 3 % of the commits are forked copies, 2 % rebased ones.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from benchmarks.timing import cpu_ms
from tests.support.commits import sha_of
from tests.support.leagues import MONDAY, NOBODY, MadeLeague, Stored, arrive, make_league
from tests.support.world import World, make_world
from tgl_server.access.ids import RepoId
from tgl_server.db import migrate
from tgl_server.db.embedded import embedded_postgres
from tgl_server.db.engine import Database
from tgl_server.followers.runner import catch_up
from tgl_server.leagues.follower import LEAGUES
from tgl_server.leagues.replay import check_season, write_season
from tgl_server.leagues.seasons import create_season, open_season
from tgl_server.leagues.service import RepoOfLeague, create_league, set_repos
from tgl_server.leagues.tables_queries import TABLE
from tgl_server.players.service import PLAYERS
from tgl_server.settings import Settings

REPOS, PLAYERS_NUMBER, WEEKS = 20, 200, 26
BATCH = 1000


def main() -> None:
    """Print the processor time of each step."""
    parser = argparse.ArgumentParser(prog="just bench-league", description=main.__doc__)
    parser.add_argument("--commits", type=int, default=100_000, help="stored before the season opens")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder) / "pg") as postgres:
        migrate.upgrade(postgres.dsn)
        world = asyncio.run(make_world(postgres.dsn))
        asyncio.run(_measure(Bench(postgres.dsn, postgres.postmaster_pid), world, given.commits))


class Bench:
    """The database, and the meter of both processes."""

    def __init__(self, dsn: str, postmaster: int) -> None:
        self.dsn = dsn
        self.postmaster = postmaster

    async def print_cost(self, what: str, commits: int, act: Callable[[], Awaitable[object]]) -> None:
        """Do something, and print its time: of the processor in all and for a thousand commits, and by the clock."""
        started, own, theirs = time.perf_counter(), time.process_time(), cpu_ms(self.postmaster)
        await act()
        cpu = (time.process_time() - own) + (cpu_ms(self.postmaster) - theirs) / 1000
        wall = time.perf_counter() - started
        each = cpu / commits * 1_000_000
        print(f"{what:44} {cpu:8.2f} s CPU {each:8.1f} ms for 1000 {wall:8.1f} s", flush=True)


async def _measure(bench: Bench, world: World, count: int) -> None:
    database = Database(Settings(database_url=bench.dsn))
    made = await make_league(database, world, repos=REPOS, weeks=WEEKS, now=MONDAY + timedelta(days=7 * WEEKS))
    chance = random.Random(1)
    commits = _commits(chance, count)
    for start in range(0, count, 5000):
        await arrive(database, made.repos[start // 5000 % REPOS], commits[start : start + 5000])
    print(f"{count:,} commits of {PLAYERS_NUMBER} players stored in {REPOS} repositories", flush=True)
    await bench.print_cost("identities", count, lambda: catch_up(database, [PLAYERS]))
    await bench.print_cost("scorer, gulps of 5000", count, lambda: catch_up(database, [LEAGUES]))
    await bench.print_cost("replay --write", count, lambda: write_season(database, made.season_id))
    await bench.print_cost("replay --check", count, lambda: _check(database, made.season_id))
    for leagues in (1, 2):
        if leagues == 2:
            await _second_league(database, world, made)
        for size in (5, 1000):
            more = [_commits(chance, size) for _ in range(20)]
            await _push(database, made.repos[0], more)
            what = f"scorer, 20 pushes of {size}, {leagues} league(s)"
            await bench.print_cost(what, 20 * size, lambda: catch_up(database, [LEAGUES]))
    await bench.print_cost("table, a thousand times", 1000, lambda: _tables(database, made.season_id))
    await database.close()


def _commits(chance: random.Random, count: int) -> list[Stored]:
    found: list[Stored] = []
    for _ in range(count):
        number = chance.getrandbits(60)
        if found and chance.random() < 0.02:
            copied = chance.choice(found)
            found.append({**copied, "sha": bytes.fromhex(sha_of(number))})
            continue
        person = int(PLAYERS_NUMBER * chance.random() ** 2)
        found.append(
            {
                "sha": bytes.fromhex(sha_of(number)),
                "at": MONDAY + timedelta(seconds=chance.randrange(WEEKS * 7 * 86400)),
                "title": f"Change {number}",
                "additions": int(chance.lognormvariate(2.5, 1.5)),
                "deletions": int(chance.lognormvariate(1.5, 1.5)),
                "files": 1 + chance.randrange(4),
                "is_merge": chance.random() < 0.1,
                "name": f"Player {person}",
                "email": f"player-{person}@example.com",
                "body": None,
            }
        )
    return found


async def _push(database: Database, repo_id: RepoId, batches: list[list[Stored]]) -> None:
    for number, batch in enumerate(batches):
        at = max(commit["at"] for commit in batch) + timedelta(seconds=number)
        await arrive(database, repo_id, batch, at)


async def _check(database: Database, season_id: UUID) -> None:
    found = await check_season(database, season_id)
    print(f"  {found.commits:,} verdicts, {len(found.differences)} differences, digest {found.digest[:16]}")


async def _second_league(database: Database, world: World, made: MadeLeague) -> None:
    async with database.transaction() as tx:
        league = await create_league(tx, world.user_id, "second", "Second", NOBODY)
        await set_repos(tx, league.id, [RepoOfLeague(repo_id) for repo_id in made.repos], NOBODY)
        season = await create_season(tx, league.id, MONDAY.date(), WEEKS, NOBODY)
        await open_season(tx, season.id, NOBODY, MONDAY + timedelta(days=7 * WEEKS))


async def _tables(database: Database, season_id: UUID) -> None:
    nothing = {"viewer": None, "rank": None, "player_id": None, "around_me": False, "is_cut": False}
    asked = {"season_id": season_id, "shows_provisional": True}
    async with database.statements() as connection:
        for _ in range(1000):
            (await connection.execute(TABLE, {**asked, **nothing, "limit": 201})).all()


if __name__ == "__main__":
    main()
