"""A repository's sync status."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.commits import RepoStatus
from tgl_protocol.http import MAX_REFS, MAX_ROOTS_SHOWN
from tgl_server import errors
from tgl_server.access.ids import RepoId
from tgl_server.ingest import queries
from tgl_server.ingest.refs import first_refs
from tgl_server.projects.freshness import current_status, is_stale, seconds_of
from tgl_server.roots.service import roots_of


async def repo_status(
    connection: AsyncConnection, repo_id: RepoId, run_timeout: timedelta, max_refs: int = MAX_REFS
) -> RepoStatus:
    """The repository's sync status, refs and roots, from its counters: no commit is counted."""
    parameters = {"repo_id": repo_id, **first_refs(max_refs)}
    row = (await connection.execute(queries.STATUS, parameters)).mappings().one_or_none()
    if row is None:
        raise errors.NotFound
    status, error_message = current_status(row, row["now"], run_timeout)
    sha = row["last_ingested_sha"]
    return RepoStatus(
        repo_id=row["repo_id"],
        status=status,
        last_sync_at=row["last_success_at"],
        last_ingested_sha=sha.hex() if sha else None,
        total_commits=row["total_commits"],
        error_message=error_message,
        refs=row["refs"] or {},
        last_attempt_at=row["last_attempt_at"],
        last_success_at=row["last_success_at"],
        stale=is_stale(row, row["now"]),
        last_error_at=row["last_error_at"],
        last_error=row["last_error"],
        expected_cadence_seconds=seconds_of(row["expected_cadence"]),
        learned_cadence_seconds=seconds_of(row["learned_cadence"]),
        roots=[sha.hex() for sha in await roots_of(connection, repo_id, MAX_ROOTS_SHOWN)],
        refs_total=row["refs_total"],
        refs_digest=row["refs_digest"].hex(),
        last_removal=row["removed_seq"],
        behind_since=row["behind_since"],
    )
