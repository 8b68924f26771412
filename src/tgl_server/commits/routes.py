"""The routes that show stored commits."""

from typing import Annotated, Any

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter
from msgspec.structs import replace

from tgl_protocol.http import MAX_EMAIL_LENGTH
from tgl_protocol.stored_commits import CommitPage, StoredCommit
from tgl_server.access.guards import RepoAccess, reads_commits
from tgl_server.access.names import names_for
from tgl_server.auth.principal import Principal
from tgl_server.commits import service
from tgl_server.commits.branches import commits_of_branch
from tgl_server.commits.queries import CommitFilter, CommitSort, SortOrder
from tgl_server.db.engine import Database
from tgl_server.http.example_values import SHA
from tgl_server.http.null_parameters import refuse_null
from tgl_server.http.pagination import Cursor, LongLimit
from tgl_server.http.text_rules import refuse_unstorable
from tgl_server.http.time_parameters import Since, Until, parse_instant

Author = Annotated[
    str | None,
    QueryParameter(max_length=MAX_EMAIL_LENGTH, description="The author's full e-mail address, upper or lower case"),
]


Sort = Annotated[CommitSort, QueryParameter(description="The date to sort by")]
Order = Annotated[SortOrder, QueryParameter(description="`desc` for the newest first, `asc` for the oldest")]
Branch = Annotated[
    str | None,
    QueryParameter(
        max_length=1000,
        description="Only what the recorded tip of a branch reaches: `main`, or a full ref name like "
        "`refs/remotes/origin/main`. For branches of at most 100,000 commits",
    ),
]
IsMerge = Annotated[bool | None, QueryParameter(description="Only merges, or only commits that are none")]
CommitSha = Annotated[
    str,
    PathParameter(description="The commit's whole sha: 40 hexadecimal digits", examples=[Example(value=SHA)]),
]


@get("/", guards=[reads_commits])
async def list_commits(
    request: Request[Any, Any, Any],
    target: NamedDependency[RepoAccess],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    author: Author = None,
    since: Since = None,
    until: Until = None,
    is_merge: IsMerge = None,
    branch: Branch = None,
    sort: Sort = CommitSort.COMMIT_DATE,
    order: Order = SortOrder.DESC,
    cursor: Cursor = None,
    limit: LongLimit = 100,
) -> CommitPage:
    """List the repository's commits, newest first by commit date unless asked otherwise.

    `since` and `until` are about the commit date, whatever the order. `total` is there where no filter is.
    """
    refuse_null(request, "is_merge")
    refuse_unstorable(author=author, branch=branch)
    wanted = CommitFilter(
        author=author.lower() if author is not None else None,
        since=parse_instant("since", since),
        until=parse_instant("until", until),
        is_merge=is_merge,
    )
    async with database.statements() as primary:
        names = await names_for(primary, principal)
    async with database.lagging_statements() as connection:
        if branch is not None:
            wanted = replace(wanted, shas=await commits_of_branch(connection, target.id, branch))
        return await service.list_commits(
            connection, target.id, wanted, names, sort=sort, order=order, cursor=cursor, limit=limit
        )


@get("/{sha:str}", guards=[reads_commits])
async def get_commit(
    sha: CommitSha,
    target: NamedDependency[RepoAccess],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> StoredCommit:
    """Show one commit."""
    async with database.statements() as connection:
        return await service.get_commit(connection, target.id, sha, await names_for(connection, principal))


commits_router = Router(
    "/projects/{project:str}/repos/{repo:str}/commits",
    route_handlers=[list_commits, get_commit],
    tags=["commits"],
)
