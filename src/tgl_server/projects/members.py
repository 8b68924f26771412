"""Who is in a project besides its owner. Each change holds the project's row, so the owner cannot become a member."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.accounts import UserState
from tgl_protocol.projects import MemberRole, NewMember
from tgl_server import errors
from tgl_server.accounts.models import User
from tgl_server.accounts.service import Users, find_user
from tgl_server.audit.actions import AuditAction
from tgl_server.audit.service import Actor, record
from tgl_server.projects.access import ProjectAccess
from tgl_server.projects.models import ProjectId, ProjectMember
from tgl_server.projects.names import refuse_faults
from tgl_server.projects.service import Members, lock_project


async def add_member(tx: AsyncSession, project_id: ProjectId, new: NewMember, by: Actor) -> UUID:
    """The id of the user who is a member from now on; one who is in already is a conflict."""
    user = await _active_user(tx, new)
    project = await lock_project(tx, project_id)
    if project.owner_id == user.id:
        raise errors.Conflict("This user owns the project, and owners need no membership.")
    member = ProjectMember(project_id=project_id, user_id=user.id, role=new.role)
    await Members(session=tx).add(member)
    await _record(tx, AuditAction.MEMBER_ADDED, member, by, role=new.role)
    return user.id


async def change_member(tx: AsyncSession, project_id: ProjectId, user_id: UUID, role: MemberRole, by: Actor) -> None:
    """Give a member another role."""
    member = await _locked_member(tx, project_id, user_id)
    if member.role == role:
        return
    changed = {"role": {"old": member.role, "new": role}}
    member.role = role
    await _record(tx, AuditAction.MEMBER_CHANGED, member, by, changed=changed)


async def remove_member(tx: AsyncSession, access: ProjectAccess, user_id: UUID, by: Actor) -> None:
    """Owner and maintainers remove anyone, and everyone may leave."""
    if not access.may_change and user_id != by.user_id:
        raise errors.Forbidden("Only the project's owner and its maintainers remove other members.")
    member = await _locked_member(tx, access.id, user_id)
    await tx.delete(member)
    await _record(tx, AuditAction.MEMBER_REMOVED, member, by, role=member.role)


async def _active_user(tx: AsyncSession, new: NewMember) -> User:
    """Who waits for approval, was retired, or never was, is told apart by nothing."""
    if (new.user_id is None) == (new.email is None):
        raise errors.InvalidBody("Name the user by `user_id` or by `email`: one of them.")
    field = "email" if new.user_id is None else "user_id"
    user = await _find(tx, new)
    if user is None or user.state != UserState.ACTIVE:
        refuse_faults({field: "There is no active user of this name"})
    assert user is not None
    return user


async def _find(tx: AsyncSession, new: NewMember) -> User | None:
    if new.email is None:
        return await Users(session=tx).get_one_or_none(id=new.user_id)
    return None if "\x00" in new.email else await find_user(tx, new.email)


async def _locked_member(tx: AsyncSession, project_id: ProjectId, user_id: UUID) -> ProjectMember:
    await lock_project(tx, project_id)
    member = await Members(session=tx).get_one_or_none(project_id=project_id, user_id=user_id)
    if member is None:
        raise errors.NotFound("This user is not a member of the project.")
    return member


async def _record(tx: AsyncSession, action: AuditAction, member: ProjectMember, by: Actor, **details: object) -> None:
    """Under the project: whoever looks at it sees who came and went."""
    await record(tx, by.did(action, "project", member.project_id, user_id=str(member.user_id), **details))
