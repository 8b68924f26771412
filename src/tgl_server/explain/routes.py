"""The route that tells where a commit is, or why it may not be here."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter

from tgl_protocol.explain import Explanation
from tgl_server import errors
from tgl_server.access.guards import RepoAccess, reads_commits
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.explain import service
from tgl_server.http.declarations import answers
from tgl_server.http.example_values import SHA
from tgl_server.settings import Settings

Sha = Annotated[
    str,
    PathParameter(
        description="The commit's sha, or four or more digits of its beginning", examples=[Example(value=SHA)]
    ),
]


@get("/{sha:str}", guards=[reads_commits], opt=answers(errors.InvalidParameter))
async def explain_commit(
    sha: Sha,
    target: NamedDependency[RepoAccess],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Explanation:
    """Tell where a commit is, or why it may not be here, by its sha or the beginning of it."""
    async with database.statements() as connection:
        return await service.explain(connection, principal, target.id, sha, settings.run_timeout)


explain_router = Router(
    "/projects/{project:str}/repos/{repo:str}/explain",
    route_handlers=[explain_commit],
    tags=["commits"],
)
