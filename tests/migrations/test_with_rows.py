"""A database of the version before goes up and comes back down without losing a row, and `verify` finds nothing."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url

from tgl_server.db import migrate
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.followers.runner import catch_up
from tgl_server.players.service import PLAYERS
from tgl_server.settings import Settings
from tgl_server.verify.service import find_faults

BEFORE = "0007"
# `ROWS=100000 pytest tests/migrations/test_with_rows.py` says how long a larger one takes.
ROWS = int(os.environ.get("ROWS", "2000"))
REPOS = 5
BATCH = 100

# What the version before had: repositories in each state, commits in batches with a date of each, runs and tips.
FILL = f"""
    INSERT INTO users (id, email, display_name, role, state)
        VALUES ('00000000-0000-4000-8000-000000000001', 'ada@example.com', 'Ada', 'commissioner', 'active');
    INSERT INTO projects (id, slug, name, owner_id)
        VALUES ('00000000-0000-4000-8000-000000000002', 'team', 'Team', '00000000-0000-4000-8000-000000000001');
    INSERT INTO repos (id, project_id, name, git_url, sync_method, expected_cadence)
        SELECT ('00000000-0000-4000-8000-00000000010' || n)::uuid, '00000000-0000-4000-8000-000000000002', 'repo' || n,
               'https://example.com/' || n, 'push_client', n * interval '1 day'
        FROM generate_series(0, {REPOS - 1}) n;
    INSERT INTO commits (repo_id, sha, author_name, author_email, committer_name, committer_email, author_date,
                         commit_date, ingested_at, message_title, additions, deletions, files_changed, is_merge,
                         parent_count)
        SELECT ('00000000-0000-4000-8000-00000000010' || n % ({REPOS} - 1))::uuid,
               substring(sha256(n::text::bytea) FOR 20), 'Ada', 'ada@example.com', 'Ada', 'ada@example.com',
               '2026-01-01'::timestamptz + n * interval '1 min', '2026-01-01'::timestamptz + n * interval '1 min',
               '2026-06-01'::timestamptz + n / {BATCH} * interval '1.000001 s', 'commit ' || n, n % 40, n % 7, 1,
               n % 10 = 0, CASE WHEN n < {REPOS - 1} THEN 0 WHEN n % 10 = 0 THEN 2 ELSE 1 END
        FROM generate_series(0, {ROWS} - 1) n;
    UPDATE repos r SET sync_status = 'healthy', total_commits = stored.count, last_ingested_sha = stored.last,
            last_attempt_at = now(), last_success_at = now(), last_error = 'once', last_error_at = now(),
            learned_cadence = '3 days', learned_at = now()
        FROM (SELECT repo_id, count(*), (array_agg(sha))[1] AS last FROM commits GROUP BY repo_id) stored
        WHERE stored.repo_id = r.id;
    INSERT INTO repo_refs (repo_id, name, sha) SELECT id, 'refs/heads/main', last_ingested_sha FROM repos
        WHERE last_ingested_sha IS NOT NULL;
    INSERT INTO sync_runs (repo_id, id, state, inserted) SELECT id, gen_random_uuid(), 'done', total_commits FROM repos;
"""

# Ten hashes, whatever order columns and rows have.
TABLES = "users", "projects", "repos", "commits", "repo_refs", "sync_runs"
CONTENT = "SELECT count(*), sum(hashtextextended(to_jsonb(t)::text, 0)) FROM {} t"


@pytest.fixture
async def filled(empty_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A database at the version before, with rows, and a connection to it."""
    await asyncio.to_thread(migrate.upgrade, empty_url, BEFORE)
    connection = await asyncpg.connect(make_url(empty_url).set(drivername="postgresql").render_as_string(False))
    await connection.execute(FILL)
    yield connection
    await connection.close()


async def content(connection: asyncpg.Connection) -> dict[str, Any]:
    return {table: tuple(await connection.fetchrow(CONTENT.format(table))) for table in TABLES}


async def up(url: str) -> None:
    await asyncio.to_thread(migrate.upgrade, url)


async def test_up_and_down_lose_nothing(filled: asyncpg.Connection, empty_url: str) -> None:
    before = await content(filled)
    await up(empty_url)
    await asyncio.to_thread(migrate.alembic_commands(empty_url).downgrade, BEFORE)
    assert await content(filled) == before
    assert before["commits"][0] == ROWS


async def test_what_was_stored_before_is_found_right_after(filled: asyncpg.Connection, empty_url: str) -> None:
    await up(empty_url)
    database = Database(Settings(database_url=empty_url))
    assert await find_faults(database, timedelta(minutes=15), FOLLOWERS) == []
    await catch_up(database, [PLAYERS])
    await database.close()
    assert await filled.fetchval("SELECT email FROM identities") == "ada@example.com"
    assert await filled.fetchval("SELECT sum(total_commits) FROM repo_states") == ROWS
    moments = await filled.fetchval("SELECT count(DISTINCT (repo_id, ingested_at)) FROM commits")
    assert await filled.fetchval("SELECT sum(ingest_seq) FROM repo_states") == moments
    assert await filled.fetchval("SELECT count(*) FROM repo_roots") == REPOS - 1
    for table in ("author_days", "author_months", "author_totals", "repo_days", "repo_weeks"):
        assert await filled.fetchval(f"SELECT sum(commits + merges) FROM {table}") == ROWS, table
    assert await filled.fetchval(
        "SELECT bool_and(seq = ingest_seq) FROM follower_marks JOIN repo_states USING (repo_id)"
    )
    assert await filled.fetchval("SELECT count(*) FROM repo_states WHERE learned_cadence = '3 days'") == REPOS - 1
    assert (
        await filled.fetchval(
            f"SELECT sync_status FROM repo_states s JOIN repos r ON r.id = s.repo_id WHERE r.name = 'repo{REPOS - 1}'"
        )
        == "pending"
    )
