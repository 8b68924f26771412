"""What must hold in the end. Each check answers with sentences about what does not; `test_checks.py` breaks each.

Rows are read with SQL of our own, and what they must be comes from git, so that no fault of the server hides itself.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import RowMapping, text

from tests.chaos.histories import Expected
from tests.support.world import World
from tgl_server.db.engine import Database

_SHOWN = 5

_COMMITS = text("SELECT encode(sha, 'hex') AS sha, message_title, parents FROM commits WHERE repo_id = :repo_id")
_REPO = text("SELECT total_commits, sync_status, error_message FROM repo_states WHERE repo_id = :repo_id")
_REFS = text("SELECT name, encode(sha, 'hex') AS sha FROM repo_refs WHERE repo_id = :repo_id")
_RUNS = text("SELECT id, state, total, inserted, skipped, errors FROM sync_runs WHERE repo_id = :repo_id")

# When its client is gone in the middle of something; and where two pushes bring the same commit in one moment, so that
# one of them is merged in another transaction (docs/decisions/copy-into-commits.md).
_USUAL_ERRORS = (
    "canceling statement due to user request",
    "COPY from stdin failed",
    "unexpected EOF",
    'duplicate key value violates unique constraint "pk_commits"',
    # PostgreSQL reckons its time-outs by the wall clock, which jumps here; whoever waited is told to come back.
    "canceling statement due to lock timeout",
)
_POSTGRES_ERROR = re.compile(r"\b(ERROR|PANIC): +(.*)")


async def faults_of_repo(database: Database, world: World, expected: Expected) -> list[str]:
    """Rows against git, counters against rows, runs against both, tips against git."""
    which = {"repo_id": world.repo_id}
    async with database.statements() as connection:
        commits = (await connection.execute(_COMMITS, which)).mappings().all()
        repo = (await connection.execute(_REPO, which)).mappings().one()
        runs = (await connection.execute(_RUNS, which)).mappings().all()
        refs = {row.name: row.sha for row in await connection.execute(_REFS, which)}
    found = [
        *_row_faults({row["sha"]: row for row in commits}, expected),
        *_repo_faults(repo, len(commits)),
        *_run_faults(runs, len(commits)),
        *_ref_faults(refs, expected),
    ]
    return [f"{world.project}: {fault}" for fault in found]


def _row_faults(rows: Mapping[str, RowMapping], expected: Expected) -> Iterator[str]:
    wanted = expected.commits
    if lost := sorted(wanted.keys() - rows.keys()):
        yield f"{len(lost)} of {len(wanted)} commits are lost: {_some(lost)}"
    if strange := sorted(rows.keys() - wanted.keys()):
        yield f"{len(strange)} commits are stored that git does not have: {_some(strange)}"
    if other := [sha for sha in rows.keys() & wanted.keys() if _as_git_has_it(rows[sha]) != wanted[sha]]:
        yield f"{len(other)} commits are stored with another title or other parents: {_some(sorted(other))}"


def _as_git_has_it(row: RowMapping) -> tuple[str, tuple[str, ...]]:
    return row["message_title"], tuple(parent.hex() for parent in row["parents"])


def _repo_faults(repo: RowMapping, stored: int) -> Iterator[str]:
    if repo["total_commits"] != stored:
        yield f"the counter says {repo['total_commits']}, and {stored} commits are stored"
    if repo["sync_status"] != "healthy":
        yield f"after pushes that found it in step it is {repo['sync_status']}: {repo['error_message']}"


def _run_faults(runs: Sequence[RowMapping], stored: int) -> Iterator[str]:
    inserted = sum(run["inserted"] for run in runs)
    if inserted != stored:
        yield f"the runs have inserted {inserted} commits, and {stored} are stored"
    for run in runs:
        if run["state"] not in ("done", "interrupted"):
            yield f"run {run['id']} is {run['state']}"
        if run["total"] != run["inserted"] + run["skipped"] + run["errors"] or run["errors"]:
            yield f"run {run['id']} does not add up: {dict(run)}"


def _ref_faults(refs: Mapping[str, str], expected: Expected) -> Iterator[str]:
    for name in sorted(refs.keys() | expected.refs.keys()):
        if refs.get(name) != expected.refs.get(name):
            yield f"{name} is recorded at {refs.get(name)}, and stands at {expected.refs.get(name)}"


def verify_faults(database_url: str) -> list[str]:
    """What `tgl-server verify` says, unless it finds nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "tgl_server", "verify"],
        env={**os.environ, "DATABASE_URL": database_url, "RUN_TIMEOUT_MINUTES": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0 and "are right" in done.stdout:
        return []
    return [f"verify ended with {done.returncode}: {done.stdout}{done.stderr}"]


def postgres_log_faults(log: str) -> list[str]:
    """Deadlocks, panics, and every error that a stop does not explain."""
    return [
        f"PostgreSQL said {match[1]}: {match[2]}"
        for match in _POSTGRES_ERROR.finditer(log)
        if not any(usual in match[2] for usual in _USUAL_ERRORS)
    ]


def server_log_faults(log: str) -> list[str]:
    """Errors that the server itself did not expect, with what follows in its log."""
    places = [match.start() for match in re.finditer("unexpected_error|crash loop|panicked", log)]
    return [f"the server's log has: {log[place : place + 6000]}" for place in places[:_SHOWN]]


def _some(shas: list[str]) -> str:
    return ", ".join(shas[:_SHOWN])
