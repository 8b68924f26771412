"""The pages that make, change and delete a repository: `.../repos/new`, `.../settings` and `.../delete`."""

from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from msgspec import Struct
from msgspec.structs import asdict

from tgl_protocol.projects import CadenceSeconds, GitUrl, NewRepo, RepoChange, RepoName, SyncMethod
from tgl_protocol.pulls import PullSchedule
from tgl_server import errors
from tgl_server.access.guards import changes_repo, registers_repos
from tgl_server.access.ids import RepoId
from tgl_server.access.refusals import audited_as
from tgl_server.credentials.errors import RemoteNotUsable
from tgl_server.credentials.service import place_of
from tgl_server.followers.follower import Followers
from tgl_server.projects import service
from tgl_server.projects.actions import ProjectAction
from tgl_server.projects.names import refuse_faults
from tgl_server.pull.schedule import cron_fault, timezone_fault
from tgl_server.pull.service import set_schedule
from tgl_server.remotes import policy_of
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.losses import confirm_losses
from tgl_server.web.projects.header import ProjectView
from tgl_server.web.repos.cadence import cadence_choices
from tgl_server.web.repos.header import RepoView, repo_path
from tgl_server.web.repos.schedules import CHOICES, DEFAULT, fill_schedule, read_schedule, timezones
from tgl_server.web.submitting import submit

NEW_REPO: Final = "/projects/{project:str}/repos/new"
REPO: Final = "/projects/{project:str}/repos/{repo:str}"


#: Where the refusals of the form for a repository belong.
_ABOUT: Final[dict[type[errors.ApiError], str | None]] = {
    RemoteNotUsable: "git_url",
    errors.Conflict: "name",
}

METHODS: Final = (
    (
        SyncMethod.PUSH_CLIENT,
        "Push: from where its clones are",
        "A laptop, a build or a cron job runs tgl push with an API key. The server needs no way to the repository.",
    ),
    (
        SyncMethod.PULL_CELERY,
        "Pull: this server fetches it",
        "By a schedule, or when its forge tells of a push. Needs the address, and a token or key unless public.",
    ),
)


class _RepoForm(Struct, frozen=True):
    """The form of a repository; an empty URL is none, and an empty cadence is the learned one."""

    name: RepoName
    git_url: GitUrl | None = None
    expected_cadence_seconds: CadenceSeconds | None = None


class _Method(Struct, frozen=True):
    sync_method: SyncMethod = SyncMethod.PUSH_CLIENT


@get(NEW_REPO, guards=[registers_repos])
async def show_new_repo(project_view: NamedDependency[ProjectView]) -> Response[str]:
    """The form for a repository."""
    return await _show_new_repo(project_view, form_of_query(project_view.request))


@post(NEW_REPO, guards=[registers_repos], status_code=303, opt=audited_as(ProjectAction.REPO_CREATED))
async def make_repo(project_view: NamedDependency[ProjectView], followers: NamedDependency[Followers]) -> Response[Any]:
    """Register a repository, whose page then says what to do: how to push to it, or what a pull still needs."""

    async def make(form: Form) -> Response[Any]:
        method = form.read(_Method).sync_method
        new = NewRepo(**asdict(form.read(_RepoForm)), sync_method=method)
        is_pulled = method is SyncMethod.PULL_CELERY
        schedule = _checked_schedule(project_view, form, new) if is_pulled else None
        async with project_view.database.transaction() as tx:
            repo = await service.register_repo(tx, project_view.access.id, new, project_view.actor, followers)
            if schedule is not None:
                await set_schedule(tx, RepoId(repo.id), schedule, project_view.actor)
        path = repo_path(project_view.request.path_params["project"], new.name)
        if is_pulled:
            return project_view.go_on(f"{path}/pull", "repo-made-pulled", new.name)
        return project_view.go_on(path, "repo-made", new.name)

    show = partial(_show_new_repo, project_view)
    return await submit(project_view.request, make, show, _ABOUT)


def _checked_schedule(project_view: ProjectView, form: Form, new: NewRepo) -> PullSchedule:
    """The schedule of a repository to be pulled; raises errors that are about all fields of the pull at once."""
    schedule = read_schedule(form)
    no_address = None if new.git_url else "A pull needs the address to fetch from"
    cron = None if schedule.cron is None else cron_fault(schedule.cron)
    refuse_faults({"git_url": no_address, "cron": cron, "timezone": timezone_fault(schedule.timezone)})
    place_of(new.git_url, policy_of(project_view.settings))
    return schedule


async def _show_new_repo(project_view: ProjectView, form: Form, status: int = 200) -> Response[str]:
    form.fields.setdefault("sync_method", [SyncMethod.PUSH_CLIENT])
    fill_schedule(form, DEFAULT, "UTC")
    return await project_view.show(
        "new_repo.html",
        status=status,
        form=form,
        cadences=_cadences(form),
        methods=METHODS,
        schedules=CHOICES,
        timezones=timezones(),
    )


@get(f"{REPO}/settings", guards=[changes_repo])
async def show_settings(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """The form that changes a repository, and the way to delete it."""
    repo = await repo_view.info()
    seconds = repo.expected_cadence_seconds
    form = Form.of(
        name=repo.name, git_url=repo.git_url or "", expected_cadence_seconds="" if seconds is None else str(seconds)
    )
    form.fields |= form_of_query(repo_view.request).fields
    return await _show_settings(repo_view, form)


@post(f"{REPO}/settings", guards=[changes_repo], status_code=303, opt=audited_as(ProjectAction.REPO_CHANGED))
async def change_repo(repo_view: NamedDependency[RepoView]) -> Response[Any]:
    """Change name, URL and expected cadence; every commit stays."""

    async def change(form: Form) -> Response[Any]:
        wanted = form.read(_RepoForm)
        async with repo_view.database.transaction() as tx:
            await service.change_fields(tx, repo_view.access.id, RepoChange(**asdict(wanted)), repo_view.actor)
        return repo_view.go_on(f"{repo_view.path_of(wanted.name)}/settings", "repo-changed", wanted.name)

    show = partial(_show_settings, repo_view)
    return await submit(repo_view.request, change, show, {errors.Conflict: "name"})


async def _show_settings(repo_view: RepoView, form: Form, status: int = 200) -> Response[str]:
    return await repo_view.show("repo_settings.html", status=status, form=form, cadences=_cadences(form))


def _cadences(form: Form) -> Any:
    return cadence_choices(form.text("expected_cadence_seconds"))


@get(f"{REPO}/delete", guards=[changes_repo])
async def show_deletion(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """The question whether a repository is to go with its commits."""
    return await _show_deletion(repo_view, form_of_query(repo_view.request))


@post(f"{REPO}/delete", guards=[changes_repo], status_code=303, opt=audited_as(ProjectAction.REPO_DELETED))
async def delete_repo(repo_view: NamedDependency[RepoView], followers: NamedDependency[Followers]) -> Response[Any]:
    """Delete a repository once its name was typed."""

    async def delete(form: Form) -> Response[Any]:
        repo = await repo_view.info()
        form.check_typed("confirmation", repo.name)
        async with repo_view.database.transaction() as tx:
            await confirm_losses(tx, followers, [repo_view.access.id], repo_view.actor.user_id, form)
            await service.delete_repo(tx, repo_view.access.id, repo_view.actor, followers)
        return repo_view.go_on(repo_view.project_path, "repo-deleted", repo.name)

    return await submit(repo_view.request, delete, partial(_show_deletion, repo_view))


async def _show_deletion(repo_view: RepoView, form: Form, status: int = 200) -> Response[str]:
    return await repo_view.show("repo_delete.html", status=status, form=form)


ROUTES = (show_new_repo, make_repo, show_settings, change_repo, show_deletion, delete_repo)
