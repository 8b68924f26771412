"""The pages `/projects/{slug}/settings`, `.../hand-over` and `.../delete`."""

from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from msgspec import Meta, Struct
from msgspec.structs import asdict
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.http import MAX_EMAIL_LENGTH
from tgl_protocol.problem import FieldError
from tgl_protocol.projects import MemberRole, NewProject, ProjectChange
from tgl_server import errors
from tgl_server.access.guards import ProjectAccess, changes_project, owns_project, session_sees_project
from tgl_server.access.refusals import audited_as
from tgl_server.accounts.service import find_active_user
from tgl_server.followers.follower import Followers
from tgl_server.projects import reading, service
from tgl_server.projects.actions import ProjectAction
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.losses import confirm_losses
from tgl_server.web.projects.header import ProjectView
from tgl_server.web.submitting import submit

PROJECT: Final = "/projects/{project:str}"


#: The members that a form offers as new owners; anybody else is named by address.
_MOST_OFFERED: Final = 50


class _NewOwner(Struct, frozen=True):
    """The form that hands a project over: to a member, or to whom an address names."""

    member: UUID | None = None
    email: Annotated[str, Meta(max_length=MAX_EMAIL_LENGTH)] = ""


@get(f"{PROJECT}/settings", guards=[changes_project])
async def show_settings(project_view: NamedDependency[ProjectView]) -> Response[str]:
    """The form that changes a project, and the ways to hand it over and to delete it."""
    info = await project_view.info()
    form = Form.of(name=info.name, slug=info.slug, description=info.description)
    form.fields |= form_of_query(project_view.request).fields
    return await _show(project_view, "project_settings.html", form)


@post(
    f"{PROJECT}/settings",
    guards=[changes_project],
    status_code=303,
    opt=audited_as(ProjectAction.PROJECT_CHANGED),
)
async def change_project(project_view: NamedDependency[ProjectView]) -> Response[Any]:
    """Change name, short name and description."""

    async def change(form: Form) -> Response[Any]:
        wanted = form.read(NewProject)
        async with project_view.database.transaction() as tx:
            change = ProjectChange(**asdict(wanted))
            await service.change_project(tx, project_view.access, change, project_view.actor)
        return project_view.go_on(f"/projects/{wanted.slug}/settings", "project-changed", wanted.name)

    show = partial(_show, project_view, "project_settings.html")
    return await submit(project_view.request, change, show, {errors.Conflict: "slug"})


@get(f"{PROJECT}/hand-over", guards=[session_sees_project])
async def show_hand_over(project_view: NamedDependency[ProjectView]) -> Response[str]:
    """The form that names another owner, with the members to choose from."""
    _check_may_transfer(project_view.access)
    return await _show_hand_over(project_view, form_of_query(project_view.request))


@post(
    f"{PROJECT}/hand-over",
    guards=[session_sees_project],
    status_code=303,
    opt=audited_as(ProjectAction.PROJECT_TRANSFERRED),
)
async def hand_over(project_view: NamedDependency[ProjectView]) -> Response[Any]:
    """Hand the project to another active user, chosen among the members or named by e-mail."""
    _check_may_transfer(project_view.access)

    async def transfer(form: Form) -> Response[Any]:
        wanted = form.read(_NewOwner)
        async with project_view.database.transaction() as tx:
            change = ProjectChange(owner_id=await _new_owner(tx, wanted))
            await service.change_project(tx, project_view.access, change, project_view.actor)
            owner = (await reading.get_project(tx, project_view.principal, project_view.access.id)).owner_name
        return project_view.go_on(project_view.path, "project-handed-over", owner or wanted.email)

    return await submit(project_view.request, transfer, partial(_show_hand_over, project_view))


async def _new_owner(tx: AsyncSession, wanted: _NewOwner) -> UUID:
    if wanted.member is None and not wanted.email:
        raise errors.InvalidBody(errors=[FieldError("Choose a member, or type an address", field="email")])
    by = {"email": wanted.email} if wanted.member is None else {"user_id": wanted.member}
    owner_id = await find_active_user(tx, **by)
    if owner_id is None:
        field, how = ("email", "with this address") if wanted.member is None else ("member", "of this name any more")
        raise errors.InvalidBody(errors=[FieldError(f"There is no active user {how}", field=field)])
    return owner_id


async def _show_hand_over(project_view: ProjectView, form: Form, status: int = 200) -> Response[str]:
    async with project_view.database.statements() as connection:
        found = await reading.list_members(connection, project_view.access.id, limit=_MOST_OFFERED, cursor=None)
    members = sorted(
        (member for member in found.items if member.is_active), key=lambda member: member.role != MemberRole.MAINTAINER
    )
    return await project_view.show("project_hand_over.html", status=status, form=form, members=members)


@get(f"{PROJECT}/delete", guards=[owns_project])
async def show_deletion(project_view: NamedDependency[ProjectView]) -> Response[str]:
    """The question whether a project is to go with everything in it."""
    return await _show(project_view, "project_delete.html", form_of_query(project_view.request))


@post(f"{PROJECT}/delete", guards=[owns_project], status_code=303, opt=audited_as(ProjectAction.PROJECT_DELETED))
async def delete_project(
    project_view: NamedDependency[ProjectView], followers: NamedDependency[Followers]
) -> Response[Any]:
    """Delete a project once its short name was typed."""

    async def delete(form: Form) -> Response[Any]:
        info = await project_view.info()
        form.check_typed("confirmation", info.slug)
        async with project_view.database.transaction() as tx:
            repo_ids = await service.repos_of(tx, project_view.access.id)
            await confirm_losses(tx, followers, repo_ids, project_view.actor.user_id, form)
            await service.delete_project(tx, project_view.access.id, project_view.actor, followers)
        return project_view.go_on("/projects", "project-deleted", info.name)

    return await submit(project_view.request, delete, partial(_show, project_view, "project_delete.html"))


async def _show(project_view: ProjectView, template: str, form: Form, status: int = 200) -> Response[str]:
    return await project_view.show(template, status=status, form=form)


def _check_may_transfer(access: ProjectAccess) -> None:
    if not access.may_transfer:
        raise errors.Forbidden("Only the project's owner and commissioners hand it over.")


ROUTES = (show_settings, change_project, show_hand_over, hand_over, show_deletion, delete_project)
