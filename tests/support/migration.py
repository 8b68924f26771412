"""Moving repositories in tests, and credentials to look for afterwards."""

from typing import Any
from uuid import UUID

from tests.support.database import IN_THE_BACKGROUND, every_row, execute, rows
from tgl_protocol.credentials import CredentialKind, NewCredential
from tgl_protocol.migration import MethodSwitch
from tgl_protocol.projects import SyncMethod
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
from tgl_server.credentials.service import set_credential
from tgl_server.db.engine import Database
from tgl_server.migration.service import switch_method
from tgl_server.remotes import policy_of
from tgl_server.sealing.sealer import Sealer
from tgl_server.settings import Settings

TOKEN = "glpat-a-token-of-the-forge"

PUSH, PULL = SyncMethod.PUSH_CLIENT, SyncMethod.PULL_CELERY


async def switch(database: Database, settings: Settings, repo_id: UUID, to: SyncMethod, **how: Any) -> MethodSwitch:
    """Move a repository."""
    async with database.transaction() as tx:
        return await switch_method(tx, policy_of(settings), RepoId(repo_id), to, Actor(), **how)


async def store_token(database: Database, settings: Settings, repo_id: UUID) -> None:
    """Store a token for the address that the repository has."""
    new = NewCredential(kind=CredentialKind.HTTPS_TOKEN, username="reader", secret=TOKEN)
    async with database.transaction() as tx:
        await set_credential(tx, Sealer(settings.secrets_keys), policy_of(settings), RepoId(repo_id), new, Actor())


async def dump(database: Database) -> str:
    """Every row that a migration could change, as in a dump."""
    return await every_row(database, without=IN_THE_BACKGROUND)


async def method_of(database: Database, repo_id: UUID) -> str:
    """How the commits of a repository arrive now."""
    (row,) = await rows(database, "SELECT sync_method FROM repos WHERE id = :id", id=repo_id)
    return str(row.sync_method)


async def set_method(database: Database, method: SyncMethod, url: str | None = None) -> None:
    """Set the method of every repository behind the server's back."""
    change = "UPDATE repos SET sync_method = :method, git_url = coalesce(CAST(:url AS text), git_url)"
    await execute(database, change, method=method, url=url)
