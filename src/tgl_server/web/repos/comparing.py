"""The proof before a move, on its page: asking for the comparison, and following it."""

from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from tgl_protocol.projects import SyncMethod
from tgl_server.access.guards import changes_repo
from tgl_server.access.refusals import audited_as
from tgl_server.migration.actions import MigrationAction
from tgl_server.migration.asking import ask_for_comparison
from tgl_server.web.forms import Form
from tgl_server.web.rendering import fragment
from tgl_server.web.repos.comparison_reading import read_shown
from tgl_server.web.repos.header import RepoView
from tgl_server.web.repos.moving import show_plan
from tgl_server.web.submitting import submit

_COMPARE: Final = "/projects/{project:str}/repos/{repo:str}/compare"


@get(_COMPARE, guards=[changes_repo], sync_to_thread=False)
def show_comparing(repo_view: NamedDependency[RepoView]) -> Response[Any]:
    """The page with the button, for who comes back from signing in again."""
    return Redirect(f"{repo_view.path}/migrate-to-push?restored=1", status_code=303)


@post(_COMPARE, guards=[changes_repo], status_code=303, opt=audited_as(MigrationAction.COMPARISON_REQUESTED))
async def compare(repo_view: NamedDependency[RepoView]) -> Response[Any]:
    """Let a worker compare the repository with the server's copy of its remote."""

    async def ask(_: Form) -> Response[Any]:
        async with repo_view.database.transaction(repo_view.access.id) as tx:
            await ask_for_comparison(tx, repo_view.access.id, repo_view.actor)
        return repo_view.go_on(f"{repo_view.path}/migrate-to-push", "comparison-asked")

    return await submit(repo_view.request, ask, partial(show_plan, repo_view, SyncMethod.PUSH_CLIENT))


@get(f"{_COMPARE}/result", guards=[changes_repo])
async def show_result(repo_view: NamedDependency[RepoView]) -> Response[Any]:
    """The part of the page that has the result; no content while there is none."""
    shown = await read_shown(repo_view)
    if shown is None or shown.asked.finished_at is None:
        return Response(None, status_code=204)
    return fragment(repo_view.request, "repo_comparison.html", shown=shown, repo_path=repo_view.path)


ROUTES = (show_comparing, compare, show_result)
