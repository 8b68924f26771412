"""The rules for making, finding, changing and deleting projects and repositories.

Guards have admitted the caller. Only the right to hand a project over, which depends on the body, is checked here.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.accounts import UserState
from tgl_protocol.projects import (
    MemberRole,
    NewRepo,
    ProjectChange,
    ProjectDeleted,
    RepoChange,
    RepoDeleted,
    SyncMethod,
)
from tgl_server import errors
from tgl_server.access.guards import ProjectAccess
from tgl_server.access.ids import ProjectId, RepoId
from tgl_server.accounts.service import Users
from tgl_server.audit.changes import apply_changes
from tgl_server.audit.service import Actor, record
from tgl_server.commits.service import create_state, delete_stored
from tgl_server.db.rows import Rows
from tgl_server.followers.follower import Followers
from tgl_server.followers.service import create_marks, forget_repos
from tgl_server.http.body import named_fields
from tgl_server.projects import names, queries
from tgl_server.projects.actions import ProjectAction
from tgl_server.projects.models import Project, ProjectMember, Repo

Values = dict[str, Any]
# FOR NO KEY UPDATE, which does not block foreign keys: adding a repository need not wait for a change of the project.
_TO_CHANGE = {"key_share": True}


class Projects(Rows[Project]):
    """The rows of `projects`."""

    model_type = Project


class Members(Rows[ProjectMember]):
    """The rows of `project_members`; the owner has none."""

    model_type = ProjectMember


class Repos(Rows[Repo]):
    """The rows of `repos`."""

    model_type = Repo


async def create_project(
    tx: AsyncSession, owner_id: UUID, slug: str, name: str, description: str = "", by: Actor | None = None
) -> Project:
    """Make a project; a slug that is taken is a conflict. Without `by`, the owner made it."""
    _check_project({"slug": slug, "name": name, "description": description})
    project = Project(owner_id=owner_id, slug=slug, name=name, description=description)
    project = await Projects(session=tx).add(project)
    await record(
        tx, (by or Actor(owner_id)).did(ProjectAction.PROJECT_CREATED, "project", project.id, slug=slug, name=name)
    )
    return project


async def find_project(tx: AsyncSession, slug: str) -> Project | None:
    """The project with this slug; None without one."""
    return await Projects(session=tx).get_one_or_none(slug=slug)


async def change_project(tx: AsyncSession, access: ProjectAccess, change: ProjectChange, by: Actor) -> None:
    """Change the fields that are named, and hand the project over if they name another owner."""
    _check_may(access, change)
    project = await lock_project(tx, access.id)
    values = named_fields(change)
    new_owner = values.pop("owner_id", project.owner_id)
    _check_project(values)
    changed = apply_changes(project, values)
    if changed:
        await tx.flush()
        await record(tx, by.did(ProjectAction.PROJECT_CHANGED, "project", project.id, changed=changed))
    if new_owner != project.owner_id:
        await _hand_over(tx, project, new_owner, by)


async def delete_project(tx: AsyncSession, project_id: ProjectId, by: Actor, followers: Followers) -> ProjectDeleted:
    """Delete a project with its repositories and all their commits; a push that is running is rolled back."""
    project = await Projects(session=tx).get_one_or_none(id=project_id, with_for_update=True)
    if project is None:
        raise errors.NotFound("The project is gone already.")
    repos = (await tx.execute(queries.LOCK_REPOS_OF_PROJECT, {"project_id": project_id})).all()
    commits = await _delete_held(tx, [repo.id for repo in repos], followers)
    await tx.execute(queries.DELETE_PROJECT, {"project_id": project_id})
    for repo in repos:
        await record(tx, by.did(ProjectAction.REPO_DELETED, "repo", repo.id, name=repo.name, with_project=project.slug))
    gone = ProjectDeleted(project_id, len(repos), commits)
    details = {"slug": project.slug, "name": project.name, "repos": gone.repos, "commits": commits}
    await record(tx, by.did(ProjectAction.PROJECT_DELETED, "project", project_id, **details))
    return gone


async def repos_of(tx: AsyncSession, project_id: ProjectId) -> list[RepoId]:
    """The ids of a project's repositories."""
    rows = await Repos(session=tx).get_many(project_id=project_id)
    return [RepoId(row.id) for row in rows]


async def lock_project(tx: AsyncSession, project_id: ProjectId) -> Project:
    """The project's row, locked so that one request at a time decides; raises `NotFound`."""
    project = await Projects(session=tx).get_one_or_none(id=project_id, with_for_update=_TO_CHANGE)
    if project is None:
        raise errors.NotFound("The project was deleted meanwhile.")
    return project


async def create_repo(tx: AsyncSession, project: Project, name: str, actor_id: UUID, followers: Followers) -> Repo:
    """Make a repository to push to; a name that is taken in the project is a conflict."""
    return await register_repo(tx, ProjectId(project.id), NewRepo(name=name), Actor(actor_id), followers)


async def register_repo(tx: AsyncSession, project_id: ProjectId, new: NewRepo, by: Actor, followers: Followers) -> Repo:
    """Make a repository with its state, which all `followers` follow; a name that is taken is a conflict."""
    values = _repo_values(named_fields(new))
    _check_pulled(values)
    repo = await Repos(session=tx).add(Repo(project_id=project_id, **values))
    await create_state(tx, RepoId(repo.id))
    await create_marks(tx, followers, RepoId(repo.id))
    details = {"project_id": str(project_id), **values}
    await record(tx, by.did(ProjectAction.REPO_CREATED, "repo", repo.id, **details))
    return repo


async def find_repo(tx: AsyncSession, project: Project, name: str) -> Repo | None:
    """The repository with this name in the project; None without one."""
    return await Repos(session=tx).get_one_or_none(project_id=project.id, name=name)


async def change_fields(tx: AsyncSession, repo_id: RepoId, change: RepoChange, by: Actor) -> None:
    """Change the fields that are named; id, commits and counters stay.

    The sync method stays as well: there is more to a change of it, which `tgl_server.migration` knows.
    """
    values = _repo_values(named_fields(change))
    values.pop("sync_method", None)
    repo = await lock_repo(tx, repo_id)
    _check_pulled({"sync_method": repo.sync_method} | named_fields(change))
    changed = apply_changes(repo, values)
    if changed:
        await tx.flush()
        await record(tx, by.did(ProjectAction.REPO_CHANGED, "repo", repo_id, changed=changed))


async def lock_repo(tx: AsyncSession, repo_id: RepoId) -> Repo:
    """The repository's row, locked so that one request at a time decides; raises `NotFound`."""
    repo = await Repos(session=tx).get_one_or_none(id=repo_id, with_for_update=_TO_CHANGE)
    if repo is None:
        raise errors.NotFound("The repository was deleted meanwhile.")
    return repo


async def delete_repo(tx: AsyncSession, repo_id: RepoId, by: Actor, followers: Followers) -> RepoDeleted:
    """Delete a repository with all its commits, tips and runs; a push that is running is rolled back."""
    repo = (await tx.execute(queries.LOCK_REPO_TO_DELETE, {"repo_id": repo_id})).one_or_none()
    if repo is None:
        raise errors.NotFound("The repository is gone already.")
    gone = RepoDeleted(repo_id, await _delete_held(tx, [repo_id], followers))
    await tx.execute(queries.DELETE_REPO, {"repo_id": repo_id})
    details = {"project_id": str(repo.project_id), "name": repo.name, "commits": gone.commits}
    await record(tx, by.did(ProjectAction.REPO_DELETED, "repo", repo_id, **details))
    return gone


async def _delete_held(tx: AsyncSession, repo_ids: list[RepoId], followers: Followers) -> int:
    """Delete the results of followers, the pulls, then the contents of repositories; the number of commits deleted."""
    await forget_repos(tx, followers, repo_ids)
    await tx.execute(queries.DELETE_PULLS, {"repo_ids": repo_ids})
    return await delete_stored(tx, repo_ids)


def _check_may(access: ProjectAccess, change: ProjectChange) -> None:
    named = set(named_fields(change))
    if named != {"owner_id"} and not access.may_change:
        raise errors.Forbidden("Only the project's owner and its maintainers change it.")
    if "owner_id" in named and not access.may_transfer:
        raise errors.Forbidden("Only the project's owner and commissioners hand it over.")


async def _hand_over(tx: AsyncSession, project: Project, new_owner_id: UUID, by: Actor) -> None:
    """Hand the project over; the old owner becomes a maintainer, unless their account is no longer active."""
    users = Users(session=tx)
    new_owner = await users.get_one_or_none(id=new_owner_id, state=UserState.ACTIVE)
    names.refuse_faults({"owner_id": None if new_owner else "There is no active user of this id"})
    old_owner_id = project.owner_id
    members = Members(session=tx, auto_expunge=False)
    await members.delete_where(project_id=project.id, user_id=new_owner_id)
    changed = apply_changes(project, {"owner_id": new_owner_id})
    await tx.flush()
    if await users.get_one_or_none(id=old_owner_id, state=UserState.ACTIVE):
        await members.add(ProjectMember(project_id=project.id, user_id=old_owner_id, role=MemberRole.MAINTAINER))
    await record(tx, by.did(ProjectAction.PROJECT_TRANSFERRED, "project", project.id, changed=changed))


def _check_project(values: Values) -> None:
    faults = {"slug": names.slug_fault, "name": names.line_fault, "description": names.text_fault}
    names.refuse_faults({field: find(values[field]) for field, find in faults.items() if field in values})


def _check_pulled(values: Values) -> None:
    """Raises a 422 error for an address that no pull would fetch, where the server pulls."""
    if values.get("sync_method") == SyncMethod.PULL_CELERY and (url := values.get("git_url")):
        names.refuse_faults({"git_url": names.pulled_url_fault(url)})


def _repo_values(values: Values) -> Values:
    """The column values for a request's fields; raises a 422 error for invalid ones."""
    faults = {"name": names.repo_name_fault, "git_url": names.git_url_fault}
    names.refuse_faults({field: find(values[field]) for field, find in faults.items() if values.get(field) is not None})
    if "expected_cadence_seconds" not in values:
        return values
    seconds = values.pop("expected_cadence_seconds")
    return {**values, "expected_cadence": None if seconds is None else timedelta(seconds=seconds)}
