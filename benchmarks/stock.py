"""Millions of stored commits, made inside PostgreSQL, in the sizes of `benchmarks.commits` and with random shas.

Half of them are one repository's, the rest spread over nineteen others. They go in with the indexes in place and in
random order of their keys, as pushes bring them: an index that is built afterwards is smaller than one that grew.
"""

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from benchmarks.commits import COLUMNS, Row, commit_row, synthetic_commits
from tests.support.world import World
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.projects.models import Project
from tgl_server.projects.service import create_repo
from tgl_server.settings import Settings

OTHER_REPOS = 19
_SAMPLES = 20_000
_CHUNK = 200_000
_START = datetime(2005, 4, 7, tzinfo=UTC)

# What may be lost in a power cut here; a server for filling alone.
FAST_FILL = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_wal_size": "8GB",
    "shared_buffers": "4GB",
    "maintenance_work_mem": "512MB",
}

_MADE = "sha", "author_date", "commit_date"
_COPIED = [column for column in COLUMNS if column not in _MADE]

# A sample's texts and numbers under a sha and a date of its own. Each chunk in the order of its keys, like a merge.
_FILL = f"""
    INSERT INTO commits (repo_id, sha, author_date, commit_date, {", ".join(_COPIED)})
    SELECT w.repo_id, substr(sha256(int8send(m)), 1, 20) AS sha, made.at, made.at, {", ".join(_COPIED)}
    FROM generate_series($1::bigint, $2::bigint - 1) m
    CROSS JOIN LATERAL (SELECT $3::timestamptz + interval '1 minute' * m AS at) made
    JOIN sample s ON s.n = m % {_SAMPLES}
    JOIN whose w ON w.n = CASE WHEN m % 2 = 0 THEN 0 ELSE 1 + m / 2 % $4::int END
    ORDER BY w.repo_id, 2
"""

_PREPARE = """
    SET work_mem = '256MB';
    CREATE TEMPORARY TABLE sample AS SELECT 0 AS n, * FROM commits LIMIT 0;
    ALTER TABLE sample DROP COLUMN repo_id, DROP COLUMN ingested_at;
    CREATE TEMPORARY TABLE whose (n int, repo_id uuid)
"""

# Counted, so that the repositories are as pushes would have left them.
_COUNT = """
    UPDATE repo_states r SET total_commits = stored.count, sync_status = 'healthy', last_success_at = now(),
        last_ingested_sha = (SELECT sha FROM commits c WHERE c.repo_id = r.repo_id ORDER BY commit_date DESC LIMIT 1)
    FROM (SELECT repo_id, count(*) FROM commits GROUP BY repo_id) stored
    WHERE stored.repo_id = r.repo_id
"""


def stored_sha(number: int) -> str:
    """The sha of the large repository's commit with a number; even numbers below `Stock.made` are stored."""
    return hashlib.sha256(number.to_bytes(8, "big")).hexdigest()[:40]


class Stock:
    """The commits made so far in one database; no date in it is later than `newest`."""

    def __init__(self, repo_ids: list[UUID], start: datetime = _START) -> None:
        self._repo_ids, self._start = repo_ids, start
        self.made = 0
        self.newest = start

    async def fill(self, postgres: EmbeddedPostgres, rows: int) -> None:
        """Fill `commits` up to a number of rows, pushed ones included; then VACUUM, ANALYZE and CHECKPOINT."""
        connection = await asyncpg.connect(postgres.libpq_dsn)
        wanted = rows - await connection.fetchval("SELECT count(*) FROM commits")
        if wanted > 0:
            samples = [(n, *commit_row(commit)) for n, commit in enumerate(synthetic_commits(_SAMPLES, 0))]
            chunks = self._chunks(wanted)
            await asyncio.gather(*(self._work(postgres, samples, chunks) for _ in range(2)))
        await connection.execute("VACUUM (ANALYZE) commits")
        await connection.execute(_COUNT)
        await connection.execute("CHECKPOINT")
        await connection.close()

    def _chunks(self, count: int) -> Iterator[tuple[int, int]]:
        first, end = self.made, self.made + count
        self.made = end
        self.newest = max(self.newest, self._start + timedelta(minutes=end))
        return ((start, min(start + _CHUNK, end)) for start in range(first, end, _CHUNK))

    async def _work(self, postgres: EmbeddedPostgres, samples: list[Row], chunks: Iterator[tuple[int, int]]) -> None:
        connection = await asyncpg.connect(postgres.libpq_dsn)
        await connection.execute(_PREPARE)
        await connection.copy_records_to_table("sample", records=samples, columns=("n", *COLUMNS))
        await connection.copy_records_to_table("whose", records=list(enumerate(self._repo_ids)))
        await connection.execute("ANALYZE sample; ANALYZE whose")
        for start, end in chunks:
            await connection.execute(_FILL, start, end, self._start, len(self._repo_ids) - 1)
        await connection.close()


async def open_stock(database_url: str, world: World, others: int = OTHER_REPOS, start: datetime = _START) -> Stock:
    """The stock of a database that has only the world's repository; makes the others. Dates begin with `start`."""
    database = Database(Settings(database_url=database_url))
    async with database.transaction() as tx:
        names = [f"other-{n}" for n in range(others)]
        project = await tx.get_one(Project, world.project_id)
        made = [await create_repo(tx, project, name, world.user_id, FOLLOWERS) for name in names]
        repo_ids = [world.repo_id, *(repo.id for repo in made)]
    await database.close()
    return Stock(repo_ids, start)
