"""The page `.../pull` of a repository, and its buttons: pull now, cancel, pause and resume."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server import errors
from tgl_server.access.guards import asks_for_pulls, sees_repo
from tgl_server.access.ids import RepoId
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.broker.wake_ups import WakeUps
from tgl_server.pull import service
from tgl_server.pull.actions import PullAction
from tgl_server.pull.errors import WrongSyncMethod
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.pulls import schedule
from tgl_server.web.pulls.reading import read_pulls
from tgl_server.web.repos.header import RepoView
from tgl_server.web.submitting import submit

PULL: Final = "/projects/{project:str}/repos/{repo:str}/pull"

#: What a button's refusal is about: the page as a whole.
_ABOUT: Final[dict[type[errors.ApiError], str | None]] = {WrongSyncMethod: None}


@get(PULL, guards=[sees_repo])
async def show_pulls(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """Where the pulls of a repository stand, and what comes next."""
    return await _show_pulls(repo_view, form_of_query(repo_view.request))


@get(
    [f"{PULL}/now", f"{PULL}/cancel", f"{PULL}/pause", f"{PULL}/resume"], guards=[asks_for_pulls], sync_to_thread=False
)
def show_buttons(repo_view: NamedDependency[RepoView]) -> Response[Any]:
    """The page with the buttons, for who comes back from signing in again."""
    return Redirect(f"{repo_view.path}/pull?restored=1", status_code=303)


@post(f"{PULL}/now", guards=[asks_for_pulls], status_code=303, opt=audited_as(PullAction.PULL_REQUESTED))
async def pull_now(repo_view: NamedDependency[RepoView], wake_ups: NamedDependency[WakeUps]) -> Response[Any]:
    """Ask for a pull, and go on to its run; who asks while one waits gets that one."""

    async def ask(_: Form) -> Response[Any]:
        async with repo_view.database.transaction(repo_view.access.id) as tx:
            run_id = await service.request_pull(tx, repo_view.access.id, repo_view.actor)
            wake_up = await service.wake_up_for(tx, repo_view.access.id)
        wake_ups.wake(wake_up)
        return repo_view.go_on(f"{repo_view.path}/runs/{run_id}", "pull-asked")

    return await submit(repo_view.request, ask, partial(_show_pulls, repo_view), _ABOUT)


@post(f"{PULL}/cancel", guards=[asks_for_pulls], status_code=303, opt=audited_as(PullAction.PULL_CANCELLED))
async def cancel_pull(repo_view: NamedDependency[RepoView]) -> Response[Any]:
    """Cancel what runs and what waits; what was stored stays, and so does the schedule."""
    return await _press(repo_view, service.cancel_pull, "pull-cancelled")


@post(f"{PULL}/pause", guards=[asks_for_pulls], status_code=303, opt=audited_as(PullAction.PULL_PAUSED))
async def pause_pulls(repo_view: NamedDependency[RepoView]) -> Response[Any]:
    """Begin no pull until somebody resumes."""
    return await _press(repo_view, service.pause_pulls, "pulls-paused")


@post(f"{PULL}/resume", guards=[asks_for_pulls], status_code=303, opt=audited_as(PullAction.PULL_RESUMED))
async def resume_pulls(repo_view: NamedDependency[RepoView]) -> Response[Any]:
    """Let the schedule go on."""
    return await _press(repo_view, service.resume_pulls, "pulls-resumed")


async def _press(
    repo_view: RepoView, act: Callable[[AsyncSession, RepoId, Actor], Awaitable[None]], code: str
) -> Response[Any]:
    async def press(_: Form) -> Response[Any]:
        async with repo_view.database.transaction(repo_view.access.id) as tx:
            await act(tx, repo_view.access.id, repo_view.actor)
        return repo_view.go_on(f"{repo_view.path}/pull", code)

    return await submit(repo_view.request, press, partial(_show_pulls, repo_view), _ABOUT)


async def _show_pulls(repo_view: RepoView, form: Form, status: int = 200) -> Response[str]:
    pulls = await read_pulls(repo_view)
    return await repo_view.show("pulls/pulls.html", status=status, form=form, pulls=pulls, info=pulls.info)


ROUTES = (show_pulls, show_buttons, pull_now, cancel_pull, pause_pulls, resume_pulls, *schedule.ROUTES)
