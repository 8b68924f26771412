"""The endpoint that lists stored commits."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from tgl_protocol.http import MAX_EMAIL_LENGTH
from tgl_protocol.problem import FieldError
from tgl_protocol.stored_commits import CommitPage
from tgl_server import errors
from tgl_server.commits import service
from tgl_server.cursors import Cursor
from tgl_server.db.engine import Database
from tgl_server.instants import Since, Until, parse_instant
from tgl_server.projects.access import RepoAccess, provide_target, sees_repo

Author = Annotated[
    str | None,
    QueryParameter(max_length=MAX_EMAIL_LENGTH, description="The author's whole e-mail address, in any case"),
]
Limit = Annotated[int, QueryParameter(ge=1, le=500, description="How many at the most")]


@get("/", guards=[sees_repo])
async def list_commits(
    target: NamedDependency[RepoAccess],
    database: NamedDependency[Database],
    author: Author = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> CommitPage:
    """The repository's commits, newest first by commit date: from `since` on, before `until`."""
    if author is not None and "\x00" in author:
        raise errors.InvalidParameter(errors=[FieldError("No address contains U+0000", field="author")])
    async with database.statements() as connection:
        return await service.list_commits(
            connection,
            target.id,
            author=author,
            since=parse_instant("since", since),
            until=parse_instant("until", until),
            cursor=cursor,
            limit=limit,
        )


commits_router = Router(
    "/projects/{project:str}/repos/{repo:str}/commits",
    route_handlers=[list_commits],
    dependencies={"target": Provide(provide_target)},
    tags=["commits"],
)
