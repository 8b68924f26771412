"""Opening credentials for a pull, and keeping when they were last used or refused."""

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.credentials import CredentialKind
from tgl_server.access.ids import RepoId
from tgl_server.credentials import queries
from tgl_server.credentials.service import PURPOSE, confirmed_keys
from tgl_server.remotes import Credential, HttpsToken, Reason, RemotePolicy, RemoteRefused, SshKey
from tgl_server.remotes.address import parse
from tgl_server.sealing.errors import CannotOpen, NoSecretsKey
from tgl_server.sealing.sealer import Sealer


async def open_credential(
    connection: AsyncConnection | AsyncSession, sealer: Sealer, policy: RemotePolicy, repo_id: RepoId
) -> Credential | None:
    """The credentials of a repository, for its address of now; None where none are stored.

    Raises `RemoteRefused` for credentials that do not open, or that were stored for another address.
    """
    row = (await connection.execute(queries.STORED, {"repo_id": repo_id})).mappings().one_or_none()
    if row is None:
        return None
    try:
        content = sealer.open(row["sealed"], PURPOSE, repo_id)
    except (NoSecretsKey, CannotOpen) as error:
        raise RemoteRefused("the stored credentials cannot be opened", str(error), Reason.CREDENTIALS) from None
    place = parse(row["git_url"] or "", policy)
    # What was sealed counts, not the columns beside it.
    if content.get("address") != place.url:
        raise RemoteRefused(
            f"the stored credentials are for {content.get('address') or content['origin']}, and git_url is {place} now",
            "store the credentials anew, as they open no other address than theirs",
            Reason.CREDENTIALS,
        )
    if content["kind"] == CredentialKind.HTTPS_TOKEN:
        return HttpsToken(username=content["username"], token=content["secret"])
    keys = await confirmed_keys(connection, repo_id, place.origin)
    return SshKey(
        username=content["username"], private_key=content["secret"], host_keys=tuple(key.public_key for key in keys)
    )


async def note_use(tx: AsyncSession, repo_id: RepoId, *, refused: bool) -> None:
    """Keep that a pull with the stored credentials succeeded, or that the remote refused them; none are no error."""
    await tx.execute(queries.NOTE_REFUSED if refused else queries.NOTE_USED, {"repo_id": repo_id})
