"""The page `.../pull/schedule`: when a repository is pulled."""

from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency

from tgl_server.access.guards import changes_repo
from tgl_server.access.refusals import audited_as
from tgl_server.pull import service
from tgl_server.pull.actions import PullAction
from tgl_server.pull.errors import WrongSyncMethod
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.repos.header import RepoView
from tgl_server.web.repos.schedules import CHOICES, fill_schedule, read_schedule, timezones
from tgl_server.web.submitting import submit

SCHEDULE: Final = "/projects/{project:str}/repos/{repo:str}/pull/schedule"


@get(SCHEDULE, guards=[changes_repo])
async def show_schedule(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """The form with the schedule that there is."""
    form = form_of_query(repo_view.request)
    async with repo_view.database.statements() as connection:
        info = await service.pull_info(connection, repo_view.access.id)
    fill_schedule(form, info.cron, info.timezone)
    return await _show_schedule(repo_view, form)


@post(SCHEDULE, guards=[changes_repo], status_code=303, opt=audited_as(PullAction.PULL_SCHEDULED))
async def set_schedule(repo_view: NamedDependency[RepoView]) -> Response[Any]:
    """Pull by this schedule from now on; ends a pause."""

    async def set_(form: Form) -> Response[Any]:
        wanted = read_schedule(form)
        async with repo_view.database.transaction(repo_view.access.id) as tx:
            await service.set_schedule(tx, repo_view.access.id, wanted, repo_view.actor)
        return repo_view.go_on(f"{repo_view.path}/pull", "pull-scheduled")

    return await submit(repo_view.request, set_, partial(_show_schedule, repo_view), {WrongSyncMethod: None})


async def _show_schedule(repo_view: RepoView, form: Form, status: int = 200) -> Response[str]:
    return await repo_view.show(
        "pulls/schedule.html", status=status, form=form, schedules=CHOICES, timezones=timezones()
    )


ROUTES = (show_schedule, set_schedule)
