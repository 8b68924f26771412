"""`tgl-server members`: who belongs to a project, on the command line of the server's machine."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.accounts import UserInfo
from tgl_protocol.projects import MemberInfo, MemberRole, NewMember, ProjectRole
from tgl_server.access.guards import ProjectAccess
from tgl_server.access.ids import ProjectId
from tgl_server.accounts.models import User, UserState
from tgl_server.accounts.service import COMMAND_LINE, get_user, user_info
from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.context import run_with_database
from tgl_server.cli.output import say
from tgl_server.cli.pages import PAGE, AsJson, all_pages, say_json, say_rows
from tgl_server.cli.projects import find_project
from tgl_server.cli.users import find_account
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.projects import members, reading

app = typer.Typer(help="List a project's members; add and remove them, and change their roles.", no_args_is_help=True)

Slug = Annotated[str, typer.Argument(metavar="PROJECT", help="The slug of the project.")]
Email = Annotated[str, typer.Argument(help="The e-mail address of the account.")]
NewRole = Annotated[MemberRole, typer.Argument(help="What the member may do from now on.")]


@app.command("list")
def list_(project: Slug, as_json: AsJson = False) -> None:
    """List a project's owner and its members."""

    async def act(database: Database, _: Argon2) -> tuple[UserInfo, list[MemberInfo]]:
        async with database.transaction() as tx:
            found = await find_project(tx, project)
            owner, id_ = user_info(await get_user(tx, found.owner_id)), ProjectId(found.id)
            return owner, await all_pages(lambda cursor: reading.list_members(tx, id_, limit=PAGE, cursor=cursor))

    owner, others = run_with_database(act)
    if as_json:
        say_json(owner=owner, members=others)
        return
    is_active = owner.state is UserState.ACTIVE
    say_rows(
        [
            _row("owner", owner.email, owner.display_name, is_active),
            *(_row(each.role, each.email, each.display_name, each.is_active) for each in others),
        ]
    )


def _row(role: str, email: str, name: str, is_active: bool) -> tuple[str, ...]:
    return role, email, name, "" if is_active else "retired"


@app.command()
def add(
    project: Slug,
    email: Email,
    role: Annotated[MemberRole, typer.Option(help="A maintainer pushes, a member reads.")] = MemberRole.MEMBER,
) -> None:
    """Add an active account to a project."""

    async def act(tx: AsyncSession, access: ProjectAccess, user: User) -> None:
        if user.state != UserState.ACTIVE:
            raise ServerError(f"{user.email} is {user.state}; `tgl-server users approve {user.email}` lets them in")
        await members.add_member(tx, access.id, NewMember(user_id=user.id, role=role), COMMAND_LINE)

    _act(project, email, act)
    say(f"{email} is a {role} of {project}")


@app.command("role")
def set_role(project: Slug, email: Email, role: NewRole) -> None:
    """Give a member another role."""

    async def act(tx: AsyncSession, access: ProjectAccess, user: User) -> None:
        await members.change_member(tx, access.id, user.id, role, COMMAND_LINE)

    _act(project, email, act)
    say(f"{email} is a {role} of {project}")


@app.command()
def remove(project: Slug, email: Email) -> None:
    """Remove a member from a project."""

    async def act(tx: AsyncSession, access: ProjectAccess, user: User) -> None:
        await members.remove_member(tx, access, user.id, COMMAND_LINE)

    _act(project, email, act)
    say(f"{email} is no longer in {project}")


def _act(
    project: str, email: str, act: Callable[[AsyncSession, ProjectAccess, User], Coroutine[Any, Any, None]]
) -> None:
    """Act for the operator, who may in any project what its owner may, on an account in a transaction."""

    async def run(database: Database, _: Argon2) -> None:
        async with database.transaction() as tx:
            found = await find_project(tx, project)
            access = ProjectAccess(ProjectId(found.id), found.slug, ProjectRole.OWNER, is_commissioner=True)
            await act(tx, access, await find_account(tx, email))

    run_with_database(run)
