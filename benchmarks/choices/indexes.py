"""The cost of each index of `commits` for a batch, what is slow without it, and fillfactors of the key."""

import asyncio
import statistics
import time

from benchmarks.choices.tables import Row, print_rows
from benchmarks.place import BATCH, Place, counted, execute, fetch, raw_copy
from tgl_server.access.ids import RepoId
from tgl_server.access.names import Names
from tgl_server.commits.queries import CommitFilter
from tgl_server.commits.service import list_commits
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

_DATE = "ix_commits_repo_id_commit_date"
_AUTHOR = "ix_commits_repo_id_author_email_commit_date"
_MOMENT = "ix_commits_repo_id_ingested_at"
_CREATE = {
    _DATE: f"CREATE INDEX {_DATE} ON commits (repo_id, commit_date)",
    _AUTHOR: f"CREATE INDEX {_AUTHOR} ON commits (repo_id, author_email, commit_date)",
    _MOMENT: f"CREATE INDEX {_MOMENT} ON commits (repo_id, ingested_at)",
}
_NOBODY = "nobody@example.com"
_PAGES = 5


def compare_indexes(place: Place, batches: int) -> None:
    """Copy new rows into the table with some of its indexes; at the end it has all of them again."""
    steps = {
        "all, as they grew": [],
        "without the moment's": [f"DROP INDEX {_MOMENT}"],
        "nor the author's": [f"DROP INDEX {_AUTHOR}"],
        "the key alone": [f"DROP INDEX {_DATE}"],
        "without the date's and the moment's": [_CREATE[_AUTHOR]],
        "all, three of them built anew": [_CREATE[_DATE], _CREATE[_MOMENT]],
        "key built anew, fillfactor 90": ["REINDEX INDEX pk_commits"],
        "key built anew, fillfactor 70": ["ALTER INDEX pk_commits SET (fillfactor = 70)", "REINDEX INDEX pk_commits"],
    }
    rows = []
    with place.served({}) as postgres:
        for name, statements in steps.items():
            execute(postgres, *statements, "VACUUM (ANALYZE) commits")
            rows.append({"": name, **_measure(place, postgres, batches)})
        execute(postgres, "ALTER INDEX pk_commits RESET (fillfactor)")
    print_rows(f"Indexes of `commits`: medians of {batches} batches by COPY", rows)


def _measure(place: Place, postgres: EmbeddedPostgres, batches: int) -> Row:
    commits = place.fresh_commits(batches * BATCH)
    before = _key_pages(postgres)
    with counted(postgres) as counts:
        times = raw_copy(postgres, place.world, commits)
    grown = (_key_pages(postgres) - before) * 1000 / len(commits)
    pages = asyncio.run(_pages(postgres, RepoId(place.world.repo_id)))
    return {
        "batch, p50 ms": f"{times.median:.1f}",
        "processor, ms": f"{times.postgres_cpu:.1f}",
        "log, bytes a commit": f"{counts['wal'] / len(commits):,.0f}",
        "new pages of the key, a batch": f"{grown:.1f}",
        **pages,
    }


def _key_pages(postgres: EmbeddedPostgres) -> int:
    [row] = fetch(postgres, "SELECT pg_relation_size('pk_commits') / 8192 AS pages")
    return int(row["pages"])


async def _pages(postgres: EmbeddedPostgres, repo_id: RepoId) -> Row:
    """The milliseconds of the service's own statements, in the large repository."""
    database = Database(Settings(database_url=postgres.dsn))
    asked = {"first page, ms": None, "an author's, ms": "developer7@example.com", "of nobody, ms": _NOBODY}
    found: Row = {}
    for name, author in asked.items():
        taken = []
        for _ in range(_PAGES):
            started = time.perf_counter()
            async with database.statements() as connection:
                wanted = CommitFilter(author=author)
                await list_commits(connection, repo_id, wanted, Names(), cursor=None, limit=100)
            taken.append((time.perf_counter() - started) * 1000)
        found[name] = f"{statistics.median(taken):.1f}"
    await database.close()
    return found
