"""The pages that show a repository, each tab with an address of its own: runs, branches, commits, where a
commit is."""

from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.commits import RunState
from tgl_protocol.http import MAX_RUN_ERRORS
from tgl_server import errors
from tgl_server.access.guards import sees_repo
from tgl_server.access.ids import RepoId
from tgl_server.access.names import lagging_names
from tgl_server.commits.branches import commits_of_branch
from tgl_server.explain.service import explain
from tgl_server.http.own_origin import own_origin
from tgl_server.web.days import days_of
from tgl_server.web.filters import Filters
from tgl_server.web.forms import form_of_query
from tgl_server.web.leagues.verdicts import verdicts_on
from tgl_server.web.repos.branches import ORDERS, branches_and_names, list_branches
from tgl_server.web.repos.commits import Range, search_commits
from tgl_server.web.repos.header import RepoView
from tgl_server.web.repos.runs import RunsWish, find_run, list_keys, list_runs

REPO: Final = "/projects/{project:str}/repos/{repo:str}"


@get(REPO, guards=[sees_repo])
async def show_runs(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """A repository with its runs; how to push to it, while there are none."""
    asked = Filters(repo_view.request)
    wish = RunsWish(asked.choice("state", RunState, None), asked.read("key", UUID, "Expected the id of a key."))
    async with repo_view.database.statements() as connection:
        runs = await list_runs(connection, repo_view, wish, cursor=asked.cursor)
        keys = await list_keys(connection, repo_view)
    server = own_origin(repo_view.request, repo_view.settings)
    return await repo_view.show("repo_runs.html", runs=runs, wish=wish, keys=keys, server=server)


@get(f"{REPO}/runs/{{run_id:uuid}}", guards=[sees_repo])
async def show_run(run_id: FromPath[UUID], repo_view: NamedDependency[RepoView]) -> Response[str]:
    """A run with the reasons for what it refused."""
    async with repo_view.database.statements() as connection:
        run, reasons = await find_run(connection, repo_view, run_id)
    return await repo_view.show("repo_run.html", run=run, reasons=reasons, most=MAX_RUN_ERRORS)


@get(f"{REPO}/branches", guards=[sees_repo])
async def show_branches(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """The branch tips whose whole history the server knows."""
    asked = Filters(repo_view.request)
    text, sort = asked.text("q"), asked.choice("sort", ORDERS, "date")
    async with repo_view.database.statements() as connection:
        whose = repo_view.access.id, repo_view.principal.user_id
        found = await list_branches(connection, *whose, text, sort, asked.cursor)
    return await repo_view.show("repo_branches.html", branches=found, text=text, sort=sort, orders=ORDERS)


@get(f"{REPO}/commits", guards=[sees_repo])
async def show_commits(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """The commits, of all branches or of one, or those that a search finds."""
    asked, repo_id = Filters(repo_view.request), repo_view.access.id
    text, days, branch = asked.text("q"), days_of(asked), asked.text("branch")
    async with lagging_names(repo_view.database, repo_view.principal.user_id) as connection:
        shas = await _shas_of(asked, connection, repo_id, branch)
        branches, names = await branches_and_names(connection, repo_id, repo_view.principal.user_id)
        found = await search_commits(connection, repo_id, names, text, Range(*days.instants, shas), asked.cursor)
    query = {name: value for name, value in {"q": text, "branch": branch, **days.query}.items() if value}
    more = urlencode({**query, "cursor": found.next_cursor}) if found.next_cursor else None
    return await repo_view.show(
        "repo_commits.html",
        commits=found,
        text=text,
        days=days,
        branch=branch,
        branches=branches,
        is_narrowed=bool(query),
        more=more,
    )


async def _shas_of(asked: Filters, connection: AsyncConnection, repo_id: RepoId, branch: str) -> list[bytes] | None:
    """The commits of a branch; None for every branch, or for one that the page notes as unknown."""
    if not branch:
        return None
    try:
        return await commits_of_branch(connection, repo_id, branch)
    except errors.InvalidParameter as refusal:
        asked.note("branch", f"{refusal.errors[0].message}.".replace("?.", "?"))
        return None


@get(f"{REPO}/find", guards=[sees_repo])
async def find_commit(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """Where a commit is, or why it may not be here."""
    form, explanation, scored = form_of_query(repo_view.request), None, []
    if form.text("sha"):
        whose, timeout = (repo_view.principal, repo_view.access.id), repo_view.settings.run_timeout
        try:
            async with repo_view.database.statements() as connection:
                explanation = await explain(connection, *whose, form.text("sha"), timeout)
                scored = await verdicts_on(connection, repo_view.principal, explanation.found)
        except errors.InvalidParameter as refusal:
            form.faults["sha"] = refusal.detail
    status = 422 if form.faults else 200
    return await repo_view.show("repo_find.html", status=status, form=form, explanation=explanation, scored=scored)


ROUTES = (show_runs, show_run, show_branches, show_commits, find_commit)
