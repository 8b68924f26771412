"""The routes of a repository's credentials, for its maintainers: nothing of them ever answers with a secret."""

from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from tgl_protocol.credentials import CredentialInfo, HostKeyConfirmation, HostKeys, NewCredential
from tgl_server import errors
from tgl_server.access.guards import RepoAccess, changes_repo
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.credentials import host_keys, service
from tgl_server.credentials.actions import CredentialAction
from tgl_server.credentials.errors import NoCredentials, NoRemote, RemoteNotUsable
from tgl_server.db.engine import Database
from tgl_server.http.declarations import answers
from tgl_server.remotes import policy_of
from tgl_server.remotes.turns import ScanTurns
from tgl_server.sealing.errors import NoSecretsKey
from tgl_server.sealing.sealer import Sealer
from tgl_server.settings import Settings


@get("/", guards=[changes_repo], opt=answers(NoCredentials))
async def get_credentials(
    target: NamedDependency[RepoAccess],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
) -> CredentialInfo:
    """Show which credentials are stored for the remote, without their secret."""
    async with database.statements() as connection:
        return await service.get_credential(connection, policy_of(settings), target.id)


@put(
    "/",
    guards=[changes_repo],
    opt=audited_as(CredentialAction.CREDENTIALS_SET) | answers(NoSecretsKey, NoRemote, RemoteNotUsable, errors.Busy),
)
async def set_credentials(
    target: NamedDependency[RepoAccess],
    data: JSONBody[NewCredential],
    actor: NamedDependency[Actor],
    sealer: NamedDependency[Sealer],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
) -> CredentialInfo:
    """Store credentials for the remote, in place of any others; the secret is never shown again."""
    policy = policy_of(settings)
    async with database.transaction(target.id) as tx:
        await service.set_credential(tx, sealer, policy, target.id, data, actor)
        return await service.get_credential(tx, policy, target.id)


@delete(
    "/",
    guards=[changes_repo],
    status_code=200,
    opt=audited_as(CredentialAction.CREDENTIALS_DELETED) | answers(NoCredentials, errors.Busy),
)
async def delete_credentials(
    target: NamedDependency[RepoAccess],
    actor: NamedDependency[Actor],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
) -> CredentialInfo:
    """Delete the credentials of the remote, and the confirmed keys of its host."""
    async with database.transaction(target.id) as tx:
        return await service.delete_credential(tx, policy_of(settings), target.id, actor)


@post("/host-keys/scan", guards=[changes_repo], status_code=200, opt=answers(NoRemote, RemoteNotUsable, errors.Busy))
async def scan_host_keys(
    target: NamedDependency[RepoAccess],
    scan_turns: NamedDependency[ScanTurns],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
) -> HostKeys:
    """Ask the remote's ssh host for its keys, to compare them with what its operator publishes."""
    policy = policy_of(settings)
    async with database.statements() as connection:
        place = await host_keys.remote_of(connection, policy, target.id)
    found = await host_keys.shown_keys(place, policy, scan_turns)
    async with database.statements() as connection:
        return await host_keys.compared_keys(connection, target.id, place, found)


@put(
    "/host-keys",
    guards=[changes_repo],
    opt=audited_as(CredentialAction.HOST_KEYS_CONFIRMED) | answers(NoRemote, RemoteNotUsable, errors.Busy),
)
async def confirm_host_keys(
    target: NamedDependency[RepoAccess],
    data: JSONBody[HostKeyConfirmation],
    actor: NamedDependency[Actor],
    scan_turns: NamedDependency[ScanTurns],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
) -> HostKeys:
    """Let pulls trust the host's keys with these fingerprints, and no others; the host is asked again."""
    policy = policy_of(settings)
    async with database.statements() as connection:
        place = await host_keys.remote_of(connection, policy, target.id)
    found = await host_keys.shown_keys(place, policy, scan_turns)
    async with database.transaction(target.id) as tx:
        await host_keys.confirm_keys(tx, target.id, place, found, data.fingerprints, actor)
        return await host_keys.compared_keys(tx, target.id, place, found)


credentials_router = Router(
    "/projects/{project:str}/repos/{repo:str}/credentials",
    route_handlers=[get_credentials, set_credentials, delete_credentials, scan_host_keys, confirm_host_keys],
    tags=["credentials"],
)
