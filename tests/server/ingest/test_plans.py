"""The look-up of missing shas reads the primary key alone, whatever PostgreSQL knows of the table; and followers of the
ingest log read the index of moments alone.

Each case made another formulation read a whole repository, or the whole table, for each sha. Scans and pages are
counted, never time.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.commits import sha_of
from tests.support.database import scalar
from tests.support.databases import create_database, opened, own_database
from tgl_server.access.ids import RepoId
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.followers.queries import gulp
from tgl_server.ingest.missing import missing_shas

OTHERS = 300_000
NEW = 20_000
ASKED = 1000
# Down the key and to its last page, again where a page was split; dead rows add the pages that they are on.
MOST_PAGES_A_SHA = 12

FILL = text("""
    INSERT INTO commits (repo_id, sha, author_name, author_email, committer_name, committer_email, author_date,
                         commit_date, message_title, additions, deletions, files_changed, is_merge, parent_count)
    SELECT CAST(:repo_id AS uuid), substring(sha256(CAST(n AS text)::bytea) FOR 20), 'a', 'a', 'a', 'a',
           now(), now() + n * interval '1 second', '', 0, 0, 0, false, 1
    FROM generate_series(1, CAST(:rows AS integer)) n
""")
SCANS = text("""
    SELECT c.relname, pg_stat_get_xact_numscans(c.oid) AS scans FROM pg_class c
    WHERE c.oid = 'commits'::regclass OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'commits'::regclass)
""")
PAGES = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT missing_shas(CAST(:repo_id AS uuid), CAST(:shas AS bytea[]))"


async def run(database: Database, *statements: str) -> None:
    """Each on its own, as VACUUM wants it."""
    async with database.statements() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def fill(database: Database, repo_id: UUID, rows: int) -> None:
    async with database.transaction() as tx:
        await tx.execute(FILL, {"repo_id": repo_id, "rows": rows})


@pytest.fixture(scope="module")
def crowd(postgres: EmbeddedPostgres) -> str:
    """The name of a database with the commits of other repositories, analysed, that nothing analyses again."""

    async def make() -> str:
        url = await create_database(postgres)
        await asyncio.to_thread(migrate.upgrade, url)
        async with opened(url) as database:
            await run(database, "ALTER TABLE commits SET (autovacuum_enabled = off)")
            for _ in range(10):
                await fill(database, uuid4(), OTHERS // 10)
            await run(database, "VACUUM (ANALYZE) commits")
        return url

    return str(make_url(asyncio.run(make())).database)


@pytest.fixture
async def crowded(postgres: EmbeddedPostgres, crowd: str) -> AsyncIterator[Database]:
    """A copy of the crowd, so that each test finds it as it was."""
    async with own_database(postgres, template=crowd) as url, opened(url) as database:
        yield database


async def check_that_the_key_alone_serves(database: Database, repo_id: UUID) -> None:
    """One of those asked is stored. Several times, as a plan may be kept from the sixth on."""
    stored = await scalar(database, f"SELECT encode(sha, 'hex') FROM commits WHERE repo_id = '{repo_id}' LIMIT 1")
    asked = [*(sha_of(number) for number in range(ASKED - 1)), str(stored)]
    async with database.transaction() as tx:
        before = await _scans(tx)
        for times in range(1, 8):
            assert len(await missing_shas(tx, RepoId(repo_id), asked)) == ASKED - 1
            assert await _scans(tx) - before == {"pk_commits": times * ASKED}
        parameters = {"repo_id": repo_id, "shas": [bytes.fromhex(sha) for sha in asked]}
        (explained,) = await tx.scalar(text(PAGES), parameters)
    plan = explained["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < MOST_PAGES_A_SHA * ASKED


async def _scans(tx: AsyncSession) -> Counter[str]:
    """Of the table and its indexes; with what the connection has counted before and not reported yet."""
    return Counter({row.relname: row.scans for row in await tx.execute(SCANS)})


async def test_a_repository_that_is_new_to_the_statistics(crowded: Database) -> None:
    new = uuid4()
    await fill(crowded, new, NEW)
    await check_that_the_key_alone_serves(crowded, new)


async def test_a_table_that_was_emptied_and_vacuumed_but_has_pages(crowded: Database) -> None:
    """The statistics then say that whatever comes has no rows."""
    keeper, new = uuid4(), uuid4()
    await fill(crowded, keeper, 1)
    await run(crowded, f"DELETE FROM commits WHERE repo_id <> '{keeper}'", "VACUUM (ANALYZE) commits")
    await run(crowded, "DELETE FROM commits", "VACUUM (ANALYZE) commits")
    assert await scalar(crowded, "SELECT relpages > 0 AND reltuples = 0 FROM pg_class WHERE relname = 'commits'")
    await fill(crowded, new, NEW)
    await check_that_the_key_alone_serves(crowded, new)


async def test_a_repository_among_dead_rows(crowded: Database) -> None:
    """Two thirds of the others were deleted, and no vacuum came by; its own rows were deleted once and came again."""
    new = uuid4()
    await fill(crowded, new, NEW)
    await run(
        crowded,
        "DELETE FROM commits WHERE repo_id IN (SELECT repo_id FROM commits GROUP BY repo_id ORDER BY repo_id LIMIT 6)",
        f"DELETE FROM commits WHERE repo_id = '{new}'",
    )
    await fill(crowded, new, NEW)
    await check_that_the_key_alone_serves(crowded, new)


async def test_the_commits_of_a_row_of_the_log_are_found_by_their_moment_alone(crowded: Database) -> None:
    """In a repository that is new to the statistics, of which any index that begins with `repo_id` would do."""
    new = uuid4()
    await fill(crowded, new, NEW)
    await run(
        crowded,
        f"UPDATE commits SET ingested_at = '2026-01-01' WHERE repo_id = '{new}' AND get_byte(sha, 0) = 0",
        f"INSERT INTO ingest_log VALUES ('{new}', 1, '2026-01-01', 70, 'stored')",
    )
    async with crowded.transaction() as tx:
        bounds = {"repo_id": new, "seq": 0, "rows": 100, "commits": 1000}
        for _ in range(8):
            before = await _scans(tx)
            found = (await tx.execute(gulp(("additions",), "true"), bounds)).all()
            assert await _scans(tx) - before == {"ix_commits_repo_id_ingested_at": 1}
    assert len(found) == await scalar(
        crowded, f"SELECT count(*) FROM commits WHERE repo_id = '{new}' AND get_byte(sha, 0) = 0"
    )


@pytest.mark.parametrize("function", ["missing_shas", "commits_at"])
async def test_an_expensive_plan_is_not_compiled(crowded: Database, function: str) -> None:
    """To compile a plan takes longer than to run it: its cost is only as high as what it was told to avoid."""
    settings = await scalar(crowded, f"SELECT proconfig FROM pg_proc WHERE proname = '{function}'")
    assert {"enable_sort=off", "enable_seqscan=off", "enable_bitmapscan=off", "jit=off"} <= set(settings)
