"""Storing, showing and deleting the credentials of a repository's remote.

They belong to one address: whoever may change a repository's must not be able to send its token elsewhere, or to read
with it what only its owner may. Nobody reads a secret again; `opening` does, for the pull.
"""

from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.credentials import CredentialInfo, CredentialKind, HostKey, NewCredential
from tgl_protocol.problem import FieldError
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor, record
from tgl_server.credentials import queries
from tgl_server.credentials.actions import CredentialAction
from tgl_server.credentials.errors import NoCredentials, NoRemote, RemoteNotUsable
from tgl_server.credentials.ssh_keys import BadKey, read_key
from tgl_server.errors import InvalidBody, NotFound
from tgl_server.remotes import RemoteError, RemotePolicy
from tgl_server.remotes.address import Place, Scheme, parse
from tgl_server.remotes.credential import is_one_line, is_ssh_user
from tgl_server.remotes.fingerprints import fingerprint_of
from tgl_server.sealing.sealer import Sealer

#: What the secrets are sealed for.
PURPOSE = "remote"
_KINDS = {Scheme.HTTPS: CredentialKind.HTTPS_TOKEN, Scheme.HTTP: CredentialKind.HTTPS_TOKEN}


async def set_credential(
    tx: AsyncSession, sealer: Sealer, policy: RemotePolicy, repo_id: RepoId, new: NewCredential, by: Actor
) -> None:
    """Store credentials for the address that the repository has now, in place of any others."""
    place = place_of(await _git_url(tx, repo_id), policy)
    content = _content(place, new)
    public_key = content.pop("public_key", None)
    values = {"kind": new.kind, "username": content["username"], "origin": place.origin, "address": place.url}
    sealed = sealer.seal(PURPOSE, repo_id, {**values, "secret": content["secret"]})
    row = {**values, "sealed": sealed, "public_key": public_key, "set_by": by.user_id}
    await tx.execute(queries.SET, {"repo_id": repo_id, **row})
    details = {**values, "fingerprint": fingerprint_of(public_key) if public_key else None}
    await record(tx, by.did(CredentialAction.CREDENTIALS_SET, "repo", repo_id, **details))


async def get_credential(
    connection: AsyncConnection | AsyncSession, policy: RemotePolicy, repo_id: RepoId
) -> CredentialInfo:
    """The stored credentials without their secret; raises `NoCredentials`."""
    row = (await connection.execute(queries.STORED, {"repo_id": repo_id})).mappings().one_or_none()
    if row is None:
        raise NoCredentials
    host_keys = await confirmed_keys(connection, repo_id, row["origin"])
    return _info(row, host_keys, fits=_fits(row, policy))


async def delete_credential(tx: AsyncSession, policy: RemotePolicy, repo_id: RepoId, by: Actor) -> CredentialInfo:
    """Delete the credentials and the confirmed host keys; what they were. Raises `NoCredentials`."""
    deleted = await get_credential(tx, policy, repo_id)
    await tx.execute(queries.DELETE, {"repo_id": repo_id})
    await tx.execute(queries.FORGET_HOST_KEYS, {"repo_id": repo_id, "kept": []})
    details = {"kind": deleted.kind, "username": deleted.username, "origin": deleted.origin}
    await record(tx, by.did(CredentialAction.CREDENTIALS_DELETED, "repo", repo_id, **details))
    return deleted


async def confirmed_keys(connection: AsyncConnection | AsyncSession, repo_id: RepoId, origin: str) -> list[HostKey]:
    """The host keys that a maintainer has confirmed for this place."""
    found = await connection.execute(queries.HOST_KEYS, {"repo_id": repo_id, "origin": origin})
    return [
        HostKey(
            public_key=row["public_key"],
            fingerprint=fingerprint_of(row["public_key"]),
            confirmed_at=row["confirmed_at"],
            confirmed_by=row["confirmed_by"],
        )
        for row in found.mappings()
    ]


def place_of(git_url: str | None, policy: RemotePolicy) -> Place:
    """The place that a repository is pulled from; raises `NoRemote` or `RemoteNotUsable`."""
    if git_url is None:
        raise NoRemote
    try:
        return parse(git_url, policy)
    except RemoteError as error:
        raise RemoteNotUsable(str(error)) from None


async def _git_url(tx: AsyncSession, repo_id: RepoId) -> str | None:
    row = (await tx.execute(queries.LOCK_REMOTE, {"repo_id": repo_id})).one_or_none()
    if row is None:
        raise NotFound("The repository was deleted meanwhile.")
    git_url: str | None = row.git_url
    return git_url


def _content(place: Place, new: NewCredential) -> dict[str, Any]:
    """The user and the secret to store, for ssh with the public key; raises `InvalidBody`."""
    wanted = _KINDS.get(place.scheme, CredentialKind.SSH_KEY if place.scheme is Scheme.SSH else None)
    if new.kind is not wanted:
        _refuse("kind", f"{place} is opened by {wanted}" if wanted else f"{place} needs no credentials")
    username = new.username or place.user or "git"
    if new.kind is CredentialKind.SSH_KEY:
        if not is_ssh_user(username):
            _refuse("username", "Expected the name of a user, such as git")
        try:
            pair = read_key(new.secret, new.passphrase)
        except BadKey as error:
            _refuse(error.field, str(error))
        return {"username": username, "secret": pair.private_key, "public_key": pair.public_key}
    for field, text in (("username", username), ("secret", new.secret)):
        if not is_one_line(text):
            _refuse(field, "Expected one line of text")
    if new.passphrase is not None:
        _refuse("passphrase", "Only an ssh key has a passphrase")
    return {"username": username, "secret": new.secret}


def _fits(row: RowMapping, policy: RemotePolicy) -> bool:
    """True while the repository's address is the one that the credentials belong to."""
    try:
        return row["git_url"] is not None and parse(row["git_url"], policy).url == row["address"]
    except RemoteError:
        return False


def _info(row: RowMapping, host_keys: list[HostKey], *, fits: bool) -> CredentialInfo:
    public_key: str | None = row["public_key"]
    set_by: UUID | None = row["set_by"]
    return CredentialInfo(
        kind=CredentialKind(row["kind"]),
        username=row["username"],
        origin=row["origin"],
        address=row["address"],
        fits=fits,
        public_key=public_key,
        fingerprint=fingerprint_of(public_key) if public_key else None,
        host_keys=host_keys,
        set_at=row["set_at"],
        set_by=set_by,
        last_used_at=row["last_used_at"],
        last_refused_at=row["last_refused_at"],
    )


def _refuse(field: str, message: str) -> NoReturn:
    raise InvalidBody(errors=[FieldError(message, field=field)])
