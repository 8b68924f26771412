"""Every page of the console at 200 repositories and millions of commits, half of them in one repository.

    python -m benchmarks.pages --millions 5 --times 100

Besides the commits there are 100,000 runs, 200 branches a repository, 50 keys, and 400 authors in each repository.
The times are those of whole answers over HTTP on this machine; processor time is the server's and PostgreSQL's.
"""

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

from benchmarks.place import MILLION, Place, api_server, execute, note
from benchmarks.stock import FAST_FILL, open_stock
from benchmarks.timing import Times, cpu_ms
from tests.support.hashing import quick_argon2
from tests.support.people import PASSWORD
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tests.support.world import World, make_world
from tgl_server.access.ids import RepoId
from tgl_server.accounts.service import get_user
from tgl_server.activity.service import ACTIVITY
from tgl_server.auth.passwords import hash_password
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres, embedded_postgres
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

REPOS = 200
BUDGET_MS = 50

# Pushes of the last 500 days, one in ten of them refused or interrupted; the newest of a repository was good.
_FILL_RUNS = """
    INSERT INTO sync_runs (repo_id, id, state, started_at, last_batch_at, finished_at, batches, total, inserted, errors,
                           client_version, user_id, api_key_id, error_message)
    SELECT r.id, gen_random_uuid(), CASE WHEN n % 10 = 9 THEN 'failed' ELSE 'done' END, at, at,
           at + interval '3 seconds', 1, 20, 20, CASE WHEN n % 10 = 9 THEN 3 ELSE 0 END, 'tgl 0.1.0', k.user_id, k.id,
           CASE WHEN n % 10 = 9 THEN '3 of 20 commits were refused.' END
    FROM repos r CROSS JOIN generate_series(0, 499) n
    CROSS JOIN LATERAL (SELECT now() - interval '1 day' * n AS at) made
    CROSS JOIN (SELECT id, user_id FROM api_keys LIMIT 1) k
"""
_FILL_ERRORS = """
    INSERT INTO sync_run_errors (repo_id, run_id, n, sha, field, message)
    SELECT repo_id, id, n, md5(id::text || n) || '00000000', 'author_email', 'The e-mail address is too long.'
    FROM sync_runs CROSS JOIN generate_series(1, 3) n WHERE errors > 0
"""
_FILL_REFS = """
    INSERT INTO repo_refs (repo_id, name, sha)
    SELECT c.repo_id, 'refs/heads/topic-' || c.n, c.sha FROM repos r CROSS JOIN LATERAL (
        SELECT repo_id, sha, row_number() OVER () AS n FROM commits WHERE repo_id = r.id LIMIT 200
    ) c
"""
_FILL_KEYS = """
    INSERT INTO api_keys (id, user_id, name, prefix, key_hash, scopes, last_used_at)
    SELECT gen_random_uuid(), user_id, 'machine ' || n, 'tgl_' || lpad(n::text, 8, '0'), 'none', scopes, now()
    FROM api_keys, generate_series(1, 50) n
"""
_FILL_USES = """
    INSERT INTO api_key_days (key_id, day, uses, refused)
    SELECT id, current_date - n, 5, 0 FROM api_keys CROSS JOIN generate_series(0, 29) n ON CONFLICT DO NOTHING
"""
_FILL_PEOPLE = """
    INSERT INTO users (id, email, display_name, role, state)
    SELECT gen_random_uuid(), 'person' || n || '@example.com', 'Person ' || n, 'player', 'active'
    FROM generate_series(1, 500) n
"""
_FILL_LOG = """
    INSERT INTO audit_logs (id, at, action, outcome, actor_user_id, resource_type, resource_id)
    SELECT gen_random_uuid(), now() - interval '1 minute' * n, 'session:opened', 'success', u.id, 'user', u.id::text
    FROM generate_series(1, 500000) n CROSS JOIN (SELECT id FROM users LIMIT 1) u
"""


def main() -> None:
    """Print p50 and p99 of each page, and the processor time of one."""
    parser = argparse.ArgumentParser(prog="just bench-pages", description=main.__doc__)
    parser.add_argument("--millions", type=float, default=5, help="of stored commits")
    parser.add_argument("--times", type=int, default=100, help="that each page is asked for")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = _make_place(Path(folder), given.millions)
        place.fill(given.millions)
        with place.served(FAST_FILL) as postgres:
            asyncio.run(_furnish(postgres, place.world))
        with place.served({}) as postgres, api_server(postgres) as server:
            print(f"{'':52}      p50      p99   processor ms: server  PostgreSQL")
            asyncio.run(_ask_pages(server, postgres, place, given.times))


def _make_place(folder: Path, millions: float) -> Place:
    start = datetime.now(UTC) - timedelta(minutes=int(millions * MILLION))
    with embedded_postgres(folder / "pg", settings=FAST_FILL) as postgres:
        migrate.upgrade(postgres.dsn)
        world = asyncio.run(make_world(postgres.dsn))
        return Place(folder, world, asyncio.run(open_stock(postgres.dsn, world, REPOS - 1, start)))


async def _furnish(postgres: EmbeddedPostgres, world: World) -> None:
    """Add what stands beside commits, with a password for the world's user, and add up the activity."""
    started = time.perf_counter()
    database = Database(Settings(database_url=postgres.dsn))
    with quick_argon2() as argon2:
        async with database.transaction() as tx:
            (await get_user(tx, world.user_id)).password_hash = await hash_password(argon2, PASSWORD)
    connection = await asyncpg.connect(postgres.libpq_dsn)
    for statement in (_FILL_RUNS, _FILL_ERRORS, _FILL_REFS, _FILL_KEYS, _FILL_USES, _FILL_PEOPLE, _FILL_LOG):
        await connection.execute(statement)
    repo_ids: list[UUID] = [row["id"] for row in await connection.fetch("SELECT id FROM repos")]
    await connection.close()
    for repo_id in repo_ids:
        async with database.transaction() as tx:
            await ACTIVITY.rebuild(tx, RepoId(repo_id))
    await database.close()
    await asyncio.to_thread(execute, postgres, "VACUUM (ANALYZE)", "CHECKPOINT")
    note(f"furnished in {time.perf_counter() - started:.0f} s")


def _paths(world: World, sha: str) -> list[str]:
    project = f"/projects/{world.project}"
    repo = f"{project}/repos/{world.repo}"
    return [
        "/",
        "/?state=healthy",
        f"/find?sha={sha}",
        f"/find?sha={'0' * 40}",
        "/projects",
        project,
        f"{project}/members",
        f"{project}/keys",
        f"{project}/settings",
        repo,
        f"{repo}?state=failed",
        f"{repo}/branches",
        f"{repo}/people",
        f"{repo}/people?period=90d",
        f"{repo}/people?period=year&order=lines",
        f"{repo}/activity",
        f"{repo}/activity?by=day&show=lines",
        f"{repo}/commits",
        f"{repo}/commits?q=parser",
        f"{repo}/commits?q=parser&last=2020-01-01",
        f"{repo}/commits?q=author:developer7@example.com",
        f"{repo}/commits?q={sha[:7]}",
        f"{repo}/find?sha={sha}",
        f"{repo}/find?sha={'0' * 40}",
        f"{repo}/settings",
        "/settings/keys",
        "/settings/keys/new",
        "/device",
        "/settings/account",
        "/administration/people",
        "/administration/log",
    ]


async def _ask_pages(server: RunningServer, postgres: EmbeddedPostgres, place: Place, times: int) -> None:
    connection = await asyncpg.connect(postgres.libpq_dsn)
    sha = (await connection.fetchval("SELECT sha FROM commits WHERE repo_id = $1 LIMIT 1", place.world.repo_id)).hex()
    email = await connection.fetchval("SELECT email FROM users WHERE id = $1", place.world.user_id)
    await connection.close()
    async with Visitor(server.url) as visitor:
        await visitor.sign_in(email)
        for path in _paths(place.world, sha):
            _print(path, await _ask(visitor, path, times, server.pid, postgres.postmaster_pid))


async def _ask(visitor: Visitor, path: str, count: int, server: int, postgres: int) -> Times:
    times = Times([], 0.0)
    await visitor.get(path)
    before = cpu_ms(server), cpu_ms(postgres)
    for _ in range(count):
        started = time.perf_counter()
        answer = await visitor.get(path)
        times.milliseconds.append((time.perf_counter() - started) * 1000)
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}")
    times.server_cpu = (cpu_ms(server) - before[0]) / count
    times.postgres_cpu = (cpu_ms(postgres) - before[1]) / count
    return times


def _print(path: str, times: Times) -> None:
    late = "" if times.median < BUDGET_MS else f"   over {BUDGET_MS} ms"
    print(
        f"{path[:52]:52} {times.median:8.1f} {times.p99:8.1f} {times.server_cpu:21.1f} {times.postgres_cpu:11.1f}{late}"
    )


if __name__ == "__main__":
    main()
