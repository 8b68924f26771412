"""Making and finding projects and repositories."""

from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.audit.actions import AuditAction
from tgl_server.audit.service import AuditEntry, record
from tgl_server.projects.models import Project, Repo


class Projects(SQLAlchemyAsyncRepository[Project]):
    """Rows of `projects`."""

    model_type = Project


class Repos(SQLAlchemyAsyncRepository[Repo]):
    """Rows of `repos`."""

    model_type = Repo


async def create_project(tx: AsyncSession, owner_id: UUID, slug: str, name: str) -> Project:
    """A new project; a slug that is taken is a conflict."""
    project = await Projects(session=tx, wrap_exceptions=False).add(Project(owner_id=owner_id, slug=slug, name=name))
    await record(tx, _created(AuditAction.PROJECT_CREATED, "project", project.id, owner_id, slug))
    return project


async def create_repo(tx: AsyncSession, project: Project, name: str, actor_id: UUID) -> Repo:
    """A new repository to push to; a name that is taken in the project is a conflict."""
    repo = await Repos(session=tx, wrap_exceptions=False).add(Repo(project_id=project.id, name=name))
    await record(tx, _created(AuditAction.REPO_CREATED, "repo", repo.id, actor_id, name))
    return repo


async def find_project(tx: AsyncSession, slug: str) -> Project | None:
    """By slug."""
    return await Projects(session=tx).get_one_or_none(slug=slug)


async def find_repo(tx: AsyncSession, project: Project, name: str) -> Repo | None:
    """By name in its project."""
    return await Repos(session=tx).get_one_or_none(project_id=project.id, name=name)


def _created(action: AuditAction, resource_type: str, resource_id: UUID, actor_id: UUID, name: str) -> AuditEntry:
    return AuditEntry(
        action=action,
        actor_user_id=actor_id,
        resource_type=resource_type,
        resource_id=str(resource_id),
        details={"name": name},
    )
