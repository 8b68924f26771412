"""Scanning the keys of a remote's ssh host, and confirming them: people compare fingerprints once, pulls ever after."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.credentials import HostKey, HostKeys
from tgl_protocol.problem import FieldError
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor, record
from tgl_server.credentials import queries
from tgl_server.credentials.actions import CredentialAction
from tgl_server.credentials.errors import RemoteNotUsable
from tgl_server.credentials.service import confirmed_keys, place_of
from tgl_server.errors import InvalidBody
from tgl_server.remotes import RemoteError, RemotePolicy
from tgl_server.remotes.address import Place
from tgl_server.remotes.fingerprints import fingerprint_of
from tgl_server.remotes.scanning import scan_host
from tgl_server.remotes.turns import ScanTurns


async def remote_of(connection: AsyncConnection, policy: RemotePolicy, repo_id: RepoId) -> Place:
    """The place that the repository is pulled from; raises `NoRemote` or `RemoteNotUsable`."""
    return place_of(await connection.scalar(queries.REMOTE, {"repo_id": repo_id}), policy)


async def shown_keys(place: Place, policy: RemotePolicy, turns: ScanTurns) -> list[str]:
    """The public keys that the host shows now; needs no database. Raises `RemoteNotUsable` or `Busy`."""
    try:
        async with turns.turn():
            return await scan_host(place, policy)
    except RemoteError as error:
        raise RemoteNotUsable(str(error)) from None


async def compared_keys(
    connection: AsyncConnection | AsyncSession, repo_id: RepoId, place: Place, public_keys: Sequence[str]
) -> HostKeys:
    """The keys of a host, each with who has confirmed it."""
    known = {key.public_key: key for key in await confirmed_keys(connection, repo_id, place.origin)}
    return HostKeys(origin=place.origin, keys=[known.get(key) or _unconfirmed(key) for key in public_keys])


async def confirm_keys(
    tx: AsyncSession, repo_id: RepoId, place: Place, public_keys: Sequence[str], fingerprints: Sequence[str], by: Actor
) -> None:
    """Trust those of the host's keys that have these fingerprints, and no other; raises `InvalidBody`."""
    shown = {fingerprint_of(key): key for key in public_keys}
    missing = [fingerprint for fingerprint in fingerprints if fingerprint not in shown]
    if missing:
        reason = f"The host does not show a key with the fingerprint {missing[0]}; scan it again"
        raise InvalidBody(errors=[FieldError(reason, field="fingerprints")])
    kept = sorted(shown[fingerprint] for fingerprint in set(fingerprints))
    await tx.execute(queries.FORGET_HOST_KEYS, {"repo_id": repo_id, "kept": kept})
    values = {"origin": place.origin, "public_keys": kept, "confirmed_by": by.user_id}
    await tx.execute(queries.CONFIRM_HOST_KEYS, {"repo_id": repo_id, **values})
    details = {"origin": place.origin, "fingerprints": sorted(set(fingerprints))}
    await record(tx, by.did(CredentialAction.HOST_KEYS_CONFIRMED, "repo", repo_id, **details))


def _unconfirmed(public_key: str) -> HostKey:
    return HostKey(public_key=public_key, fingerprint=fingerprint_of(public_key), confirmed_at=None, confirmed_by=None)
