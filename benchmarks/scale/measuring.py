"""The costs of a batch on this machine: over HTTP into an empty embedded PostgreSQL."""

import asyncio
import gzip
from typing import Any

import msgspec

from benchmarks.commits import synthetic_commits
from benchmarks.harness import staged
from benchmarks.scale.costs import BATCH, Costs
from benchmarks.timing import Ask, ask_all, cpu_ms
from tests.support.postgres import ask_postgres
from tgl_protocol.commits import PushBatch
from tgl_server.db.embedded import EmbeddedPostgres


def measured_costs(recorded: Costs, batches: int) -> Costs:
    """The recorded costs with those replaced that can be measured without a distributed database."""
    commits = synthetic_commits(batches * BATCH, seed=1)
    cuts = [commits[start : start + BATCH] for start in range(0, len(commits), BATCH)]
    bodies = [msgspec.json.encode(PushBatch(cut, "scale")) for cut in cuts]
    with staged() as stage:
        path = f"{stage.world.sync_path}/commits"
        asyncio.run(ask_all(stage.server, stage.world, [Ask(f"{stage.world.sync_path}/status")]))
        before = cpu_ms(stage.server.pid), cpu_ms(stage.postgres.postmaster_pid), _log(stage.postgres)
        asyncio.run(ask_all(stage.server, stage.world, [Ask(path, body) for body in bodies]))
        after = cpu_ms(stage.server.pid), cpu_ms(stage.postgres.postmaster_pid), _log(stage.postgres)
    server, database, log = ((now - then) / batches for now, then in zip(after, before, strict=True))
    wire = sum(len(gzip.compress(body, 1)) for body in bodies) // batches
    found: dict[str, Any] = {"server_ms": round(server, 1), "database_ms": round(database, 1), "log_bytes": int(log)}
    return msgspec.structs.replace(recorded, **found, wire_bytes=wire)


def _log(postgres: EmbeddedPostgres) -> float:
    position = ask_postgres(postgres, "SELECT CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS float8)")
    assert isinstance(position, float)
    return position
