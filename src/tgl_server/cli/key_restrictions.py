"""What a key made on the command line is restricted to: repositories and networks."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.accounts.models import Role, User
from tgl_server.api_keys.service import check_repos
from tgl_server.auth.principal import Principal
from tgl_server.cli.projects import find_project
from tgl_server.errors import ServerError
from tgl_server.http.text_rules import is_storable
from tgl_server.projects.service import find_repo

Repos = Annotated[
    list[str] | None,
    typer.Option("--repo", metavar="PROJECT/NAME", help="Only this repository; may be given again. All by default."),
]
Networks = Annotated[
    list[str] | None,
    typer.Option("--network", metavar="CIDR", help="Only from this network, like 203.0.113.0/24; may be given again."),
]


async def repo_ids(tx: AsyncSession, user: User, wanted: Sequence[str] | None) -> list[UUID] | None:
    """The ids of repositories written as PROJECT/NAME, which the key's owner must see; None for no restriction."""
    if not wanted:
        return None
    owner = Principal(user_id=user.id, is_commissioner=user.role == Role.COMMISSIONER)
    found = [await _repo_id(tx, each) for each in wanted]
    try:
        return await check_repos(tx, owner, found)
    except ServerError:
        raise ServerError(
            f"{user.email} does not see all of {', '.join(wanted)}; `tgl-server members add` adds them to a project"
        ) from None


async def _repo_id(tx: AsyncSession, text: str) -> UUID:
    slug, slash, name = text.partition("/")
    if not slash:
        raise ServerError(f"--repo {text} is not PROJECT/NAME; `tgl-server repos list PROJECT` shows a project's")
    project = await find_project(tx, slug)
    repo = await find_repo(tx, project, name) if is_storable(name) else None
    if repo is None:
        raise ServerError(f"the project {slug} has no repository {name}; `tgl-server repos list {slug}` shows them")
    return repo.id
