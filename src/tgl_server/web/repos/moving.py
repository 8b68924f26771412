"""The pages that let a repository's commits arrive the other way: `.../migrate-to-push` and `.../rollback-to-pull`."""

from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency

from tgl_protocol.projects import SyncMethod
from tgl_server.access.guards import changes_repo
from tgl_server.access.refusals import audited_as
from tgl_server.migration.actions import MigrationAction
from tgl_server.migration.service import plan_switch, switch_method
from tgl_server.remotes import policy_of
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.repos.comparison_reading import read_shown
from tgl_server.web.repos.header import RepoView
from tgl_server.web.submitting import submit

REPO: Final = "/projects/{project:str}/repos/{repo:str}"

_TO_PUSH: Final = f"{REPO}/migrate-to-push"
_TO_PULL: Final = f"{REPO}/rollback-to-pull"


@get(_TO_PUSH, guards=[changes_repo])
async def show_to_push(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """What moving to push would change; nothing is changed yet."""
    return await show_plan(repo_view, SyncMethod.PUSH_CLIENT, form_of_query(repo_view.request))


@post(_TO_PUSH, guards=[changes_repo], status_code=303, opt=audited_as(MigrationAction.MIGRATED_TO_PUSH))
async def move_to_push(repo_view: NamedDependency[RepoView]) -> Response[Any]:
    """Let clients push to the repository from now on."""
    return await _move(repo_view, SyncMethod.PUSH_CLIENT, "", "moved-to-push")


@get(_TO_PULL, guards=[changes_repo])
async def show_to_pull(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """What going back to pull would change; nothing is changed yet."""
    return await show_plan(repo_view, SyncMethod.PULL_CELERY, form_of_query(repo_view.request))


@post(_TO_PULL, guards=[changes_repo], status_code=303, opt=audited_as(MigrationAction.ROLLED_BACK_TO_PULL))
async def move_to_pull(repo_view: NamedDependency[RepoView]) -> Response[Any]:
    """Let the server pull the repository from now on."""
    return await _move(repo_view, SyncMethod.PULL_CELERY, "/pull", "moved-to-pull")


async def _move(repo_view: RepoView, target: SyncMethod, page: str, code: str) -> Response[Any]:
    async def move(form: Form) -> Response[Any]:
        keeps = form.text("credentials") == "keep"
        async with repo_view.database.transaction(repo_view.access.id) as tx:
            policy, by = policy_of(repo_view.settings), repo_view.actor
            await switch_method(tx, policy, repo_view.access.id, target, by, keep_credentials=keeps)
        return repo_view.go_on(f"{repo_view.path}{page}", code)

    return await submit(repo_view.request, move, partial(show_plan, repo_view, target))


async def show_plan(repo_view: RepoView, target: SyncMethod, form: Form, status: int = 200) -> Response[str]:
    """What a move would change, with the last comparison before one to push."""
    async with repo_view.database.statements() as connection:
        plan = await plan_switch(connection, repo_view.access.id, target)
    comparison = await read_shown(repo_view) if target is SyncMethod.PUSH_CLIENT else None
    form.fields.setdefault("credentials", ["delete"])
    return await repo_view.show("repo_moving.html", status=status, form=form, plan=plan, comparison=comparison)


ROUTES = (show_to_push, move_to_push, show_to_pull, move_to_pull)
