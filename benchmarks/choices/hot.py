"""Updates that stay on their page and off the indexes (HOT), while repositories are pushed to as by clients."""

import asyncio
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import msgspec

from benchmarks.choices.tables import Row, print_rows
from benchmarks.commits import synthetic_commits
from benchmarks.place import Place, api_server, execute, fetch, make_place
from tests.support.servers import RunningServer
from tgl_protocol.commits import PushBatch, RefsUpdate
from tgl_protocol.http import RUN_ID_HEADER
from tgl_server.db.embedded import EmbeddedPostgres

_TABLES = "repo_states", "sync_runs", "repo_refs", "api_keys"
_CLIENTS = 4
_RUNS = 30
_BATCHES = 20
_REFS = 200
# As many repositories as fill some pages, packed as the table's settings say.
_CROWD = """
    INSERT INTO repo_states (repo_id) SELECT gen_random_uuid() FROM generate_series(1, 500)
"""
_UPDATES = """
    SELECT relname AS name, n_tup_upd AS updates, n_tup_hot_upd AS hot, n_tup_newpage_upd AS moved,
           pg_relation_size(relid) / 8192 AS pages, autovacuum_count AS vacuums
    FROM pg_stat_user_tables WHERE relname = ANY(ARRAY['repo_states', 'sync_runs', 'repo_refs', 'api_keys'])
    ORDER BY relname
"""


def compare_hot() -> None:
    """Push from four clients to four repositories: runs of several batches, then the tips that have moved."""
    rows = [
        *_measure("fillfactor 100", fillfactor=100, snapshot=False),
        *_measure("as migrated", fillfactor=None, snapshot=False),
        *_measure("as migrated, during a backup", fillfactor=None, snapshot=True),
    ]
    print_rows(f"Updates by {_CLIENTS} clients, {_RUNS} runs each of {_BATCHES} batches", rows)


def _measure(name: str, *, fillfactor: int | None, snapshot: bool) -> list[Row]:
    """Measure one variant; with a `snapshot` PostgreSQL may not remove any old versions of rows."""
    with tempfile.TemporaryDirectory() as folder:
        place = make_place(Path(folder))
        with place.served({}) as postgres:
            if fillfactor is not None:
                execute(postgres, *(f"ALTER TABLE {table} SET (fillfactor = {fillfactor})" for table in _TABLES))
            execute(postgres, _CROWD, "VACUUM FULL repo_states")
            with api_server(postgres) as server:
                asyncio.run(_clients(place, server, postgres if snapshot else None))
            return [_row(name, row) for row in fetch(postgres, _UPDATES)]


def _row(name: str, row: dict[str, Any]) -> Row:
    return {
        "": f"{name}: `{row['name']}`",
        "updates": f"{row['updates']:,}",
        "HOT": f"{row['hot'] / max(1, row['updates']):.1%}",
        "to another page": f"{row['moved'] / max(1, row['updates']):.1%}",
        "pages": str(row["pages"]),
        "autovacuums": str(row["vacuums"]),
    }


async def _clients(place: Place, server: RunningServer, held: EmbeddedPostgres | None) -> None:
    headers = {"Authorization": f"Bearer {place.world.key}"}
    async with _snapshot(held), aiohttp.ClientSession(server.url, headers=headers) as session:
        await asyncio.gather(*(_client(session, place, number) for number in range(_CLIENTS)))


@asynccontextmanager
async def _snapshot(postgres: EmbeddedPostgres | None) -> AsyncIterator[None]:
    """An open snapshot, as pg_dump holds one."""
    if postgres is None:
        yield
        return
    connection = await asyncpg.connect(postgres.libpq_dsn)
    async with connection.transaction(isolation="repeatable_read"):
        await connection.execute("SELECT count(*) FROM repo_states")
        yield
    await connection.close()


async def _client(session: aiohttp.ClientSession, place: Place, number: int) -> None:
    path = f"/api/v1/sync/projects/{place.world.project}/repos/other-{number}"
    commits = synthetic_commits(_RUNS * _BATCHES, number)
    for run in range(_RUNS):
        headers = {RUN_ID_HEADER: str(uuid.uuid4()), "Content-Type": "application/json"}
        own = commits[run * _BATCHES : (run + 1) * _BATCHES]
        for commit in own:
            async with session.post(f"{path}/commits", data=_encode(PushBatch([commit])), headers=headers) as answer:
                answer.raise_for_status()
        refs: dict[str, str | None] = {f"refs/heads/branch-{n}": own[-1].sha for n in _moved(run)}
        async with session.put(f"{path}/refs", data=_encode(RefsUpdate(refs)), headers=headers) as answer:
            answer.raise_for_status()


def _moved(run: int) -> Iterable[int]:
    """The tips that a push records: all at first, later the main branch and one more."""
    return range(_REFS) if run == 0 else (0, 1 + run)


def _encode(body: msgspec.Struct) -> bytes:
    return msgspec.json.encode(body)
