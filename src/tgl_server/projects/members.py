"""Members of a project. Each change locks the project's row, so that its owner cannot become a member too."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.problem import FieldError
from tgl_protocol.projects import MemberInfo, MemberRole, NewMember
from tgl_server import errors
from tgl_server.access.guards import ProjectAccess
from tgl_server.access.ids import ProjectId
from tgl_server.accounts.service import find_active_user
from tgl_server.audit.actions import AuditAction
from tgl_server.audit.changes import apply_changes
from tgl_server.audit.service import Actor, record
from tgl_server.projects.actions import ProjectAction
from tgl_server.projects.models import ProjectMember
from tgl_server.projects.names import refuse_faults
from tgl_server.projects.reading import get_member
from tgl_server.projects.service import Members, lock_project


async def add_member(tx: AsyncSession, project_id: ProjectId, new: NewMember, by: Actor) -> UUID:
    """Add a member; returns the user's id. One who is in the project already is a conflict."""
    user_id = await _active_user(tx, new)
    project = await lock_project(tx, project_id)
    if project.owner_id == user_id:
        raise errors.Conflict("This user owns the project, and owners need no membership.")
    member = ProjectMember(project_id=project_id, user_id=user_id, role=new.role)
    await Members(session=tx).add(member)
    await _record(tx, ProjectAction.MEMBER_ADDED, member, by, role=new.role)
    return user_id


async def change_member(tx: AsyncSession, project_id: ProjectId, user_id: UUID, role: MemberRole, by: Actor) -> None:
    """Give a member another role."""
    member = await _locked_member(tx, project_id, user_id)
    changed = apply_changes(member, {"role": role})
    if changed:
        await _record(tx, ProjectAction.MEMBER_CHANGED, member, by, changed=changed)


async def remove_member(tx: AsyncSession, access: ProjectAccess, user_id: UUID, by: Actor) -> MemberInfo:
    """Remove a member; the owner and maintainers may remove anyone, and members themselves. Returns who they were."""
    if not access.may_change and user_id != by.user_id:
        raise errors.Forbidden("Only the project's owner and its maintainers remove other members.")
    member = await _locked_member(tx, access.id, user_id)
    gone = await get_member(tx, access.id, user_id)
    await tx.delete(member)
    await _record(tx, ProjectAction.MEMBER_REMOVED, member, by, role=member.role)
    return gone


async def _active_user(tx: AsyncSession, new: NewMember) -> UUID:
    """The id of the active user named; anyone else, existing or not, gets the same 422 error."""
    if (new.user_id is None) == (new.email is None):
        message = "Name the user by `user_id` or by `email`: one of them"
        raise errors.InvalidBody(f"{message}.", [FieldError(message, field="user_id")])
    field = "email" if new.user_id is None else "user_id"
    user_id = await find_active_user(tx, user_id=new.user_id, email=new.email)
    refuse_faults({field: None if user_id else "There is no active user of this name"})
    assert user_id is not None
    return user_id


async def _locked_member(tx: AsyncSession, project_id: ProjectId, user_id: UUID) -> ProjectMember:
    project = await lock_project(tx, project_id)
    if project.owner_id == user_id:
        raise errors.Conflict("This user owns the project, so there is no membership to change; hand it over first.")
    member = await Members(session=tx).get_one_or_none(project_id=project_id, user_id=user_id)
    if member is None:
        raise errors.NotFound("This user is not a member of the project.")
    return member


async def _record(tx: AsyncSession, action: AuditAction, member: ProjectMember, by: Actor, **details: object) -> None:
    """Record the act under the project, so that its entries show who came and went."""
    await record(tx, by.did(action, "project", member.project_id, user_id=str(member.user_id), **details))
