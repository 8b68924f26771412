"""The pages `/projects/{slug}/members` and below: who is in a project, adding, another role, removing."""

from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from tgl_protocol.http import MAX_EMAIL_LENGTH
from tgl_protocol.projects import MemberChange, MemberInfo, MemberRole, NewMember
from tgl_server import errors
from tgl_server.access.guards import changes_project, sees_members, session_sees_project
from tgl_server.access.refusals import audited_as
from tgl_server.projects import members, reading
from tgl_server.projects.actions import ProjectAction
from tgl_server.web.filters import Filters
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.projects.header import ProjectView
from tgl_server.web.submitting import submit

MEMBERS: Final = "/projects/{project:str}/members"
MEMBER: Final = f"{MEMBERS}/{{user_id:uuid}}"
PAGE_SIZE: Final = 100


class _MemberForm(Struct, frozen=True):
    """The form of a new member."""

    email: Annotated[str, Meta(min_length=1, max_length=MAX_EMAIL_LENGTH)]
    role: MemberRole = MemberRole.MEMBER


@get(MEMBERS, guards=[sees_members])
async def list_members(project_view: NamedDependency[ProjectView]) -> Response[str]:
    """The people in a project, its owner first."""
    cursor = Filters(project_view.request).cursor
    async with project_view.database.statements() as connection:
        found = await reading.list_members(connection, project_view.access.id, limit=PAGE_SIZE, cursor=cursor)
    return await project_view.show("project_members.html", members=found, is_first=cursor is None)


@get(f"{MEMBERS}/add", guards=[changes_project])
async def show_new_member(project_view: NamedDependency[ProjectView]) -> Response[str]:
    """The form for a member."""
    form = Form.of(role=MemberRole.MEMBER)
    form.fields |= form_of_query(project_view.request).fields
    return await _show_new_member(project_view, form)


@post(f"{MEMBERS}/add", guards=[changes_project], status_code=303, opt=audited_as(ProjectAction.MEMBER_ADDED))
async def add_member(project_view: NamedDependency[ProjectView]) -> Response[Any]:
    """Add a member by e-mail; unknown, waiting and retired accounts get the same answer."""

    async def add(form: Form) -> Response[Any]:
        wanted = form.read(_MemberForm)
        new = NewMember(email=wanted.email, role=wanted.role)
        async with project_view.database.transaction() as tx:
            await members.add_member(tx, project_view.access.id, new, project_view.actor)
        return project_view.go_on(f"{project_view.path}/members", "member-added", wanted.email)

    show = partial(_show_new_member, project_view)
    return await submit(project_view.request, add, show, {errors.Conflict: "email"})


async def _show_new_member(project_view: ProjectView, form: Form, status: int = 200) -> Response[str]:
    return await project_view.show("project_add_member.html", status=status, form=form)


@get(MEMBER, guards=[changes_project])
async def show_member(user_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[str]:
    """A member with the form for another role."""
    return await _show_member(project_view, user_id, form_of_query(project_view.request))


@post(MEMBER, guards=[changes_project], status_code=303, opt=audited_as(ProjectAction.MEMBER_CHANGED))
async def change_member(user_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[Any]:
    """Give a member another role."""

    async def change(form: Form) -> Response[Any]:
        role = form.read(MemberChange).role
        async with project_view.database.transaction() as tx:
            await members.change_member(tx, project_view.access.id, user_id, role, project_view.actor)
            member = await reading.get_member(tx, project_view.access.id, user_id)
        return project_view.go_on(f"{project_view.path}/members", "member-changed", member.display_name)

    return await submit(project_view.request, change, partial(_show_member, project_view, user_id))


async def _show_member(project_view: ProjectView, user_id: UUID, form: Form, status: int = 200) -> Response[str]:
    member = await _member(project_view, user_id)
    form.fields.setdefault("role", [member.role])
    return await project_view.show("project_member.html", status=status, member=member, form=form)


@get(f"{MEMBER}/remove", guards=[session_sees_project])
async def show_removal(user_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[str]:
    """The question whether a member is to go; everybody may leave themselves."""
    is_self = user_id == project_view.principal.user_id
    if not (project_view.access.may_change or is_self):
        raise errors.Forbidden("Only the project's owner and its maintainers remove other members.")
    member = await _member(project_view, user_id)
    return await project_view.show("project_remove.html", member=member, is_self=is_self)


@post(f"{MEMBER}/remove", guards=[session_sees_project], status_code=303, opt=audited_as(ProjectAction.MEMBER_REMOVED))
async def remove_member(user_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[Any]:
    """Remove a member; who has left themselves comes to their other projects."""
    async with project_view.database.transaction() as tx:
        member = await reading.get_member(tx, project_view.access.id, user_id)
        await members.remove_member(tx, project_view.access, user_id, project_view.actor)
    if user_id == project_view.principal.user_id:
        return project_view.go_on("/projects", "project-left", project_view.request.path_params["project"])
    return project_view.go_on(f"{project_view.path}/members", "member-removed", member.display_name)


async def _member(project_view: ProjectView, user_id: UUID) -> MemberInfo:
    async with project_view.database.statements() as connection:
        return await reading.get_member(connection, project_view.access.id, user_id)


ROUTES = (list_members, show_new_member, add_member, show_member, change_member, show_removal, remove_member)
