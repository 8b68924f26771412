"""The pages that make, change and delete a repository: `.../repos/new`, `.../settings` and `.../delete`."""

from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from msgspec import Struct
from msgspec.structs import asdict

from tgl_protocol.projects import CadenceSeconds, GitUrl, NewRepo, RepoChange, RepoName
from tgl_server import errors
from tgl_server.access.guards import changes_repo, registers_repos
from tgl_server.access.refusals import audited_as
from tgl_server.followers.follower import Followers
from tgl_server.projects import service
from tgl_server.projects.actions import ProjectAction
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.projects.header import ProjectView
from tgl_server.web.repos.cadence import cadence_choices
from tgl_server.web.repos.header import RepoView, repo_path
from tgl_server.web.submitting import submit

NEW_REPO: Final = "/projects/{project:str}/repos/new"
REPO: Final = "/projects/{project:str}/repos/{repo:str}"


class _RepoForm(Struct, frozen=True):
    """The form of a repository; an empty URL is none, and an empty cadence is the learned one."""

    name: RepoName
    git_url: GitUrl | None = None
    expected_cadence_seconds: CadenceSeconds | None = None


@get(NEW_REPO, guards=[registers_repos])
async def show_new_repo(project_view: NamedDependency[ProjectView]) -> Response[str]:
    """The form for a repository."""
    return await _show_new_repo(project_view, form_of_query(project_view.request))


@post(NEW_REPO, guards=[registers_repos], status_code=303, opt=audited_as(ProjectAction.REPO_CREATED))
async def make_repo(project_view: NamedDependency[ProjectView], followers: NamedDependency[Followers]) -> Response[Any]:
    """Register a repository, whose page then says how to push to it."""

    async def make(form: Form) -> Response[Any]:
        new = NewRepo(**asdict(form.read(_RepoForm)))
        async with project_view.database.transaction() as tx:
            await service.register_repo(tx, project_view.access.id, new, project_view.actor, followers)
        path = repo_path(project_view.request.path_params["project"], new.name)
        return project_view.go_on(path, "repo-made", new.name)

    show = partial(_show_new_repo, project_view)
    return await submit(project_view.request, make, show, {errors.Conflict: "name"})


async def _show_new_repo(project_view: ProjectView, form: Form, status: int = 200) -> Response[str]:
    return await project_view.show("new_repo.html", status=status, form=form, cadences=_cadences(form))


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
            await service.delete_repo(tx, repo_view.access.id, repo_view.actor, followers)
        return repo_view.go_on(repo_view.project_path, "repo-deleted", repo.name)

    return await submit(repo_view.request, delete, partial(_show_deletion, repo_view))


async def _show_deletion(repo_view: RepoView, form: Form, status: int = 200) -> Response[str]:
    return await repo_view.show("repo_delete.html", status=status, form=form)


ROUTES = (show_new_repo, make_repo, show_settings, change_repo, show_deletion, delete_repo)
