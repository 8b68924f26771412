"""The page `.../credentials/host-keys`: people compare the fingerprints of an ssh host once, pulls ever after."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from tgl_protocol.credentials import MAX_HOST_KEYS, Fingerprint, HostKey, HostKeys
from tgl_server.access.guards import changes_repo
from tgl_server.access.refusals import audited_as
from tgl_server.credentials import host_keys
from tgl_server.credentials.actions import CredentialAction
from tgl_server.credentials.errors import NoRemote, RemoteNotUsable
from tgl_server.credentials.service import confirmed_keys
from tgl_server.remotes import policy_of
from tgl_server.remotes.address import Scheme
from tgl_server.remotes.turns import ScanTurns
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.repos.header import RepoView
from tgl_server.web.submitting import submit

HOST_KEYS: Final = "/projects/{project:str}/repos/{repo:str}/credentials/host-keys"

#: Where operators of public hosts publish the fingerprints of their keys.
PUBLISHED: Final = {
    "github.com": "https://docs.github.com/authentication/keeping-your-account-and-data-secure/githubs-ssh-key-fingerprints",
    "gitlab.com": "https://docs.gitlab.com/user/gitlab_com/",
    "bitbucket.org": "https://support.atlassian.com/bitbucket-cloud/docs/configure-ssh-and-two-step-verification/",
    "codeberg.org": "https://docs.codeberg.org/security/ssh-fingerprint/",
}


class _Confirmed(Struct, frozen=True):
    fingerprints: Annotated[list[Fingerprint], Meta(min_length=1, max_length=MAX_HOST_KEYS)]


@get(HOST_KEYS, guards=[changes_repo])
async def show_host_keys(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """The keys that were confirmed, and the button that asks the host for its keys."""
    return await _show_host_keys(repo_view, None, form_of_query(repo_view.request))


@post(HOST_KEYS, guards=[changes_repo], status_code=303, opt=audited_as(CredentialAction.HOST_KEYS_CONFIRMED))
async def confirm_host_keys(
    repo_view: NamedDependency[RepoView], scan_turns: NamedDependency[ScanTurns]
) -> Response[Any]:
    """Ask the host for its keys and show them, or let pulls trust those whose fingerprints were ticked."""
    shown: list[HostKeys] = []

    async def act(form: Form) -> Response[Any]:
        policy, repo_id = policy_of(repo_view.settings), repo_view.access.id
        async with repo_view.database.statements() as connection:
            place = await host_keys.remote_of(connection, policy, repo_id)
        found = await host_keys.shown_keys(place, policy, scan_turns)
        async with repo_view.database.transaction(repo_id) as tx:
            shown.append(await host_keys.compared_keys(tx, repo_id, place, found))
            if form.text("act") == "scan":
                return await _show_host_keys(repo_view, shown[0], form)
            chosen = form.read(_Confirmed).fingerprints
            await host_keys.confirm_keys(tx, repo_id, place, found, chosen, repo_view.actor)
        return repo_view.go_on(f"{repo_view.path}/credentials", "host-keys-confirmed")

    async def show(form: Form, status: int) -> Response[str]:
        return await _show_host_keys(repo_view, next(iter(shown), None), form, status)

    return await submit(repo_view.request, act, show)


async def _show_host_keys(repo_view: RepoView, shown: HostKeys | None, form: Form, status: int = 200) -> Response[str]:
    place, fault = None, None
    confirmed: Sequence[HostKey] = ()
    async with repo_view.database.statements() as connection:
        try:
            place = await host_keys.remote_of(connection, policy_of(repo_view.settings), repo_view.access.id)
            confirmed = await confirmed_keys(connection, repo_view.access.id, place.origin)
        except (NoRemote, RemoteNotUsable) as refusal:
            fault = refusal.detail
    return await repo_view.show(
        "credentials/host_keys.html",
        status=status,
        form=form,
        shown=shown,
        confirmed=confirmed,
        place=place,
        place_fault=fault,
        is_ssh=place is not None and place.scheme is Scheme.SSH,
        published=PUBLISHED.get(place.host) if place else None,
    )


ROUTES = (show_host_keys, confirm_host_keys)
