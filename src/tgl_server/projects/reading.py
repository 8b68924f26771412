"""Projects, members and repositories as a caller sees them, read in a transaction or without one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import RowMapping, TextClause
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.commits import SyncStatus
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
from tgl_server.access.ids import ProjectId, RepoId
from tgl_server.auth.principal import Principal
from tgl_server.http.pagination import cut_page, decode_cursor
from tgl_server.projects import queries
from tgl_server.projects.freshness import current_status, is_stale, seconds_of

Reader = AsyncConnection | AsyncSession


class RepoFilter(Struct, frozen=True, kw_only=True):
    """A filter of repositories; a field of None matches any."""

    status: SyncStatus | None = None
    stale: bool | None = None
    sync_method: SyncMethod | None = None


ANY_REPO = RepoFilter()


async def list_projects(reader: Reader, principal: Principal, *, limit: int, cursor: str | None) -> ProjectPage:
    """The projects that the caller sees, by slug."""
    (after,) = decode_cursor(cursor, tuple[str]) if cursor else (None,)
    rows = await _projects(reader, principal, project_id=None, after=after, limit=limit + 1)
    page, next_cursor = cut_page(rows, limit, lambda row: (row["slug"],))
    total = await _count(reader, queries.COUNT_PROJECTS, **_whose(principal))
    return ProjectPage([_project(row, principal) for row in page], next_cursor, total)


async def get_project(reader: Reader, principal: Principal, project_id: ProjectId) -> ProjectInfo:
    """One project that a guard has admitted the caller to."""
    rows = await _projects(reader, principal, project_id=project_id, after=None, limit=1)
    if not rows:
        raise errors.NotFound("The project was deleted meanwhile.")
    return _project(rows[0], principal)


async def list_members(reader: Reader, project_id: ProjectId, *, limit: int, cursor: str | None) -> MemberPage:
    """The project's members without its owner, the oldest accounts first."""
    (after,) = decode_cursor(cursor, tuple[UUID]) if cursor else (None,)
    rows = await _rows(reader, queries.MEMBERS, project_id=project_id, user_id=None, after=after, limit=limit + 1)
    page, next_cursor = cut_page(rows, limit, lambda row: (row["user_id"],))
    total = await _count(reader, queries.COUNT_MEMBERS, project_id=project_id)
    return MemberPage([_member(row) for row in page], next_cursor, total)


async def get_member(reader: Reader, project_id: ProjectId, user_id: UUID) -> MemberInfo:
    """One member of a project; raises `NotFound`."""
    rows = await _rows(reader, queries.MEMBERS, project_id=project_id, user_id=user_id, after=None, limit=1)
    if not rows:
        raise errors.NotFound("This user is not a member of the project.")
    return _member(rows[0])


async def list_repos(
    reader: Reader,
    principal: Principal,
    project_id: ProjectId,
    wanted: RepoFilter = ANY_REPO,
    *,
    limit: int,
    cursor: str | None,
    run_timeout: timedelta,
) -> RepoPage:
    """The project's repositories that the caller sees and asks for, by name."""
    (after,) = decode_cursor(cursor, tuple[str]) if cursor else (None,)
    which = {
        "project_id": project_id,
        "repo_ids": _restriction(principal),
        "run_timeout": run_timeout,
        **asdict(wanted),
    }
    rows = await _rows(reader, queries.REPOS, **which, after=after, limit=limit + 1)
    page, next_cursor = cut_page(rows, limit, lambda row: (row["name"],))
    total = await _count(reader, queries.COUNT_REPOS, **which)
    return RepoPage([_repo(row, run_timeout) for row in page], next_cursor, total)


async def get_repo(reader: Reader, repo_id: RepoId, run_timeout: timedelta) -> RepoInfo:
    """One repository that a guard has admitted the caller to."""
    rows = await _rows(reader, queries.REPO, repo_id=repo_id)
    if not rows:
        raise errors.NotFound("The repository was deleted meanwhile.")
    return _repo(rows[0], run_timeout)


async def _projects(
    reader: Reader, principal: Principal, *, project_id: ProjectId | None, after: str | None, limit: int
) -> list[RowMapping]:
    return await _rows(
        reader,
        queries.PROJECTS,
        **_whose(principal),
        sees_people=principal.sees_people,
        project_id=project_id,
        after=after,
        limit=limit,
    )


def _whose(principal: Principal) -> dict[str, Any]:
    """The parameters that say which projects a caller sees."""
    return {
        "user_id": principal.user_id,
        "is_commissioner": principal.is_commissioner,
        "all": principal.may_list_all,
        "repo_ids": _restriction(principal),
    }


async def _rows(reader: Reader, query: TextClause, **parameters: Any) -> list[RowMapping]:
    return list((await reader.execute(query, parameters)).mappings())


async def _count(reader: Reader, query: TextClause, **parameters: Any) -> int:
    return int(await reader.scalar(query, parameters) or 0)


def _restriction(principal: Principal) -> list[UUID] | None:
    return None if principal.repo_ids is None else list(principal.repo_ids)


def _project(row: RowMapping, principal: Principal) -> ProjectInfo:
    role = ProjectRole(row["role"]) if row["role"] else None
    return ProjectInfo(**{**row, "role": role, "is_partial": principal.repo_ids is not None})


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
