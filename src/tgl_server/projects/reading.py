"""What projects, members and repositories look like to a caller; inside a transaction or outside of one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, TextClause
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.projects import (
    MemberInfo,
    MemberPage,
    MemberRole,
    ProjectInfo,
    ProjectPage,
    ProjectRole,
    RepoInfo,
    RepoPage,
    SyncMethod,
)
from tgl_server import errors
from tgl_server.auth.principal import Principal
from tgl_server.cursors import cut_page, decode_cursor
from tgl_server.ingest.service import current_status, is_stale, seconds_of
from tgl_server.projects import queries
from tgl_server.projects.models import ProjectId, RepoId

Reader = AsyncConnection | AsyncSession


async def list_projects(reader: Reader, principal: Principal, *, limit: int, cursor: str | None) -> ProjectPage:
    """The projects that the caller sees, by slug."""
    (after,) = decode_cursor(cursor, tuple[str]) if cursor else (None,)
    rows = await _projects(reader, principal, project_id=None, after=after, limit=limit + 1)
    page, next_cursor = cut_page(rows, limit, lambda row: (row["slug"],))
    return ProjectPage([_project(row) for row in page], next_cursor)


async def get_project(reader: Reader, principal: Principal, project_id: ProjectId) -> ProjectInfo:
    """One project that a guard has admitted the caller to."""
    rows = await _projects(reader, principal, project_id=project_id, after=None, limit=1)
    if not rows:
        raise errors.NotFound("The project was deleted meanwhile.")
    return _project(rows[0])


async def list_members(reader: Reader, project_id: ProjectId, *, limit: int, cursor: str | None) -> MemberPage:
    """The project's members without its owner, the oldest accounts first."""
    (after,) = decode_cursor(cursor, tuple[UUID]) if cursor else (None,)
    rows = await _rows(reader, queries.MEMBERS, project_id=project_id, user_id=None, after=after, limit=limit + 1)
    page, next_cursor = cut_page(rows, limit, lambda row: (row["user_id"],))
    return MemberPage([_member(row) for row in page], next_cursor)


async def get_member(reader: Reader, project_id: ProjectId, user_id: UUID) -> MemberInfo:
    """One member."""
    rows = await _rows(reader, queries.MEMBERS, project_id=project_id, user_id=user_id, after=None, limit=1)
    if not rows:
        raise errors.NotFound("This user is not a member of the project.")
    return _member(rows[0])


async def list_repos(
    reader: Reader,
    principal: Principal,
    project_id: ProjectId,
    *,
    limit: int,
    cursor: str | None,
    run_timeout: timedelta,
) -> RepoPage:
    """The project's repositories that the caller sees, by name."""
    (after,) = decode_cursor(cursor, tuple[str]) if cursor else (None,)
    restriction = _restriction(principal)
    rows = await _rows(
        reader, queries.REPOS, project_id=project_id, repo_ids=restriction, repo_id=None, after=after, limit=limit + 1
    )
    page, next_cursor = cut_page(rows, limit, lambda row: (row["name"],))
    return RepoPage([_repo(row, run_timeout) for row in page], next_cursor)


async def get_repo(reader: Reader, repo_id: RepoId, run_timeout: timedelta) -> RepoInfo:
    """One repository that a guard has admitted the caller to."""
    rows = await _rows(reader, queries.REPOS, project_id=None, repo_ids=None, repo_id=repo_id, after=None, limit=1)
    if not rows:
        raise errors.NotFound("The repository was deleted meanwhile.")
    return _repo(rows[0], run_timeout)


async def _projects(
    reader: Reader, principal: Principal, *, project_id: ProjectId | None, after: str | None, limit: int
) -> list[RowMapping]:
    return await _rows(
        reader,
        queries.PROJECTS,
        user_id=principal.user_id,
        is_commissioner=principal.is_commissioner,
        repo_ids=_restriction(principal),
        project_id=project_id,
        after=after,
        limit=limit,
    )


async def _rows(reader: Reader, query: TextClause, **parameters: Any) -> list[RowMapping]:
    return list((await reader.execute(query, parameters)).mappings())


def _restriction(principal: Principal) -> list[UUID] | None:
    return None if principal.repo_ids is None else list(principal.repo_ids)


def _project(row: RowMapping) -> ProjectInfo:
    role = ProjectRole(row["role"]) if row["role"] else None
    return ProjectInfo(**{**row, "role": role})


def _member(row: RowMapping) -> MemberInfo:
    return MemberInfo(**{**row, "role": MemberRole(row["role"])})


def _repo(row: RowMapping, run_timeout: timedelta) -> RepoInfo:
    status, error_message = current_status(row, row["now"], run_timeout)
    sha = row["last_ingested_sha"]
    return RepoInfo(
        id=row["id"],
        project_id=row["project_id"],
        name=row["name"],
        git_url=row["git_url"],
        sync_method=SyncMethod(row["sync_method"]),
        expected_cadence_seconds=seconds_of(row["expected_cadence"]),
        status=status,
        last_sync_at=row["last_success_at"],
        last_ingested_sha=sha.hex() if sha else None,
        total_commits=row["total_commits"],
        error_message=error_message,
        last_attempt_at=row["last_attempt_at"],
        last_success_at=row["last_success_at"],
        stale=is_stale(row, row["now"]),
        last_error_at=row["last_error_at"],
        last_error=row["last_error"],
        learned_cadence_seconds=seconds_of(row["learned_cadence"]),
        created_at=row["created_at"],
    )
