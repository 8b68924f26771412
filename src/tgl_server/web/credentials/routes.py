"""The pages `.../credentials` and `.../credentials/delete`. A secret goes in and is never shown again."""

from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.credentials import CredentialInfo, CredentialKind, NewCredential
from tgl_server.access.guards import changes_repo
from tgl_server.access.refusals import audited_as
from tgl_server.credentials import service
from tgl_server.credentials.actions import CredentialAction
from tgl_server.credentials.errors import NoCredentials, NoRemote, RemoteNotUsable
from tgl_server.remotes import policy_of
from tgl_server.remotes.address import Place, Scheme
from tgl_server.sealing.sealer import Sealer
from tgl_server.web.credentials import host_keys
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.repos.header import RepoView
from tgl_server.web.submitting import submit

CREDENTIALS: Final = "/projects/{project:str}/repos/{repo:str}/credentials"

_BESIDE = text("""
    SELECT r.git_url, u.display_name FROM repos r LEFT JOIN users u ON u.id = CAST(:user_id AS uuid)
    WHERE r.id = :repo_id
""")
_KINDS: Final = {
    Scheme.HTTPS: CredentialKind.HTTPS_TOKEN,
    Scheme.HTTP: CredentialKind.HTTPS_TOKEN,
    Scheme.SSH: CredentialKind.SSH_KEY,
}


@get(CREDENTIALS, guards=[changes_repo])
async def show_credentials(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """What is stored, without its secret, and the form for other credentials."""
    return await _show_credentials(repo_view, form_of_query(repo_view.request))


@post(CREDENTIALS, guards=[changes_repo], status_code=303, opt=audited_as(CredentialAction.CREDENTIALS_SET))
async def set_credentials(repo_view: NamedDependency[RepoView], sealer: NamedDependency[Sealer]) -> Response[Any]:
    """Store credentials for the address that the repository has now, in place of any others."""

    async def store(form: Form) -> Response[Any]:
        new = form.read(NewCredential)
        async with repo_view.database.transaction(repo_view.access.id) as tx:
            policy = policy_of(repo_view.settings)
            await service.set_credential(tx, sealer, policy, repo_view.access.id, new, repo_view.actor)
        return repo_view.go_on(f"{repo_view.path}/credentials", "credentials-set")

    return await submit(repo_view.request, store, partial(_show_credentials, repo_view))


@get(f"{CREDENTIALS}/delete", guards=[changes_repo])
async def show_deletion(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """The question whether the credentials are to go."""
    return await _show_deletion(repo_view, form_of_query(repo_view.request))


@post(
    f"{CREDENTIALS}/delete",
    guards=[changes_repo],
    status_code=303,
    opt=audited_as(CredentialAction.CREDENTIALS_DELETED),
)
async def delete_credentials(repo_view: NamedDependency[RepoView]) -> Response[Any]:
    """Delete the credentials and the confirmed keys of the host."""

    async def delete(_: Form) -> Response[Any]:
        async with repo_view.database.transaction(repo_view.access.id) as tx:
            policy = policy_of(repo_view.settings)
            await service.delete_credential(tx, policy, repo_view.access.id, repo_view.actor)
        return repo_view.go_on(f"{repo_view.path}/credentials", "credentials-deleted")

    return await submit(repo_view.request, delete, partial(_show_deletion, repo_view), {NoCredentials: None})


async def _show_credentials(repo_view: RepoView, form: Form, status: int = 200) -> Response[str]:
    async with repo_view.database.statements() as connection:
        stored = await _stored(connection, repo_view)
        wanted = {"repo_id": repo_view.access.id, "user_id": stored.set_by if stored else None}
        git_url, set_by = (await connection.execute(_BESIDE, wanted)).one()
    place, fault = _place(git_url, repo_view)
    kind = _KINDS.get(place.scheme) if place else None
    form.fields.setdefault("username", [stored.username if stored and stored.kind is kind else ""])
    return await repo_view.show(
        "credentials/credentials.html",
        status=status,
        form=form,
        stored=stored,
        set_by=set_by,
        place=place,
        place_fault=fault,
        kind=kind,
        is_sealed=bool(repo_view.settings.secrets_keys),
    )


async def _show_deletion(repo_view: RepoView, form: Form, status: int = 200) -> Response[str]:
    async with repo_view.database.statements() as connection:
        stored = await _stored(connection, repo_view)
    return await repo_view.show("credentials/delete.html", status=status, form=form, stored=stored)


async def _stored(connection: AsyncConnection, repo_view: RepoView) -> CredentialInfo | None:
    try:
        return await service.get_credential(connection, policy_of(repo_view.settings), repo_view.access.id)
    except NoCredentials:
        return None


def _place(git_url: str | None, repo_view: RepoView) -> tuple[Place | None, str | None]:
    """The place that the credentials would be for, or why there is none."""
    try:
        return service.place_of(git_url, policy_of(repo_view.settings)), None
    except (NoRemote, RemoteNotUsable) as refusal:
        return None, refusal.detail


ROUTES = (show_credentials, set_credentials, show_deletion, delete_credentials, *host_keys.ROUTES)
