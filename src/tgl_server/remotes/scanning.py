"""Asking an ssh host for its keys, so that people can compare them before any pull trusts one."""

import asyncio
import shutil

from tgl_server.remotes.address import Place, Scheme, reachable
from tgl_server.remotes.command import search_path
from tgl_server.remotes.errors import Reason, RemoteFailed, RemoteRefused, RemoteUnreachable
from tgl_server.remotes.fingerprints import fingerprint_of
from tgl_server.remotes.policy import RemotePolicy
from tgl_server.remotes.process import Limits, run_guarded

_SECONDS = 20
_MOST_BYTES = 64 * 1024
_MOST_KEYS = 20
_LIMITS = Limits(file_bytes=1024 * 1024, memory_bytes=1024**3, cpu_seconds=_SECONDS)


async def scan_host(place: Place, policy: RemotePolicy) -> list[str]:
    """The public keys that the host of a place shows now, like `ssh-ed25519 AAAA`; raises a `RemoteError`.

    It takes no longer than `policy.scan`, whatever the name leads to.
    """
    if place.scheme is not Scheme.SSH:
        raise RemoteRefused(f"{place} is not fetched over ssh", "only hosts of ssh have such keys", Reason.ADDRESS)
    program = shutil.which("ssh-keyscan")
    if program is None:
        raise RemoteFailed("scanning needs ssh-keyscan, and none is on the PATH", "install OpenSSH", Reason.NO_GIT)
    try:
        async with asyncio.timeout(policy.scan.total_seconds()):
            said = await _said_by(program, place, policy)
    except TimeoutError:
        raise _too_slow(place) from None
    found = sorted({key for line in said.splitlines() if (key := _key_in(line))})
    if not found:
        raise RemoteUnreachable(
            f"{place} shows no ssh host key", "check that an ssh server answers there", Reason.NO_CONNECTION
        )
    return found[:_MOST_KEYS]


async def _said_by(program: str, place: Place, policy: RemotePolicy) -> str:
    """What `ssh-keyscan` prints about a host."""
    address = await reachable(place, policy)
    said = bytearray()

    def reader(piece: bytes) -> None:
        said.extend(piece)
        if len(said) > _MOST_BYTES:
            raise RemoteRefused(f"{place} shows more keys than a host has", "ask its operator", Reason.UNKNOWN)

    async def watch(_: int) -> None:
        await asyncio.sleep(_SECONDS)
        raise _too_slow(place)

    command = [program, "-T", "10", "-p", str(place.port), str(address)]
    await run_guarded(command, {"PATH": search_path(), "LC_ALL": "C"}, _LIMITS, watch=watch, reader=reader)
    return said.decode("ascii", "replace")


def _too_slow(place: Place) -> RemoteUnreachable:
    return RemoteUnreachable(f"{place} did not show its keys in time", "try again later", Reason.STALLED)


def _key_in(line: str) -> str | None:
    """The key of a line `host kind key`; None for comments and nonsense."""
    _, _, key = line.partition(" ")
    try:
        fingerprint_of(key)
    except ValueError:
        return None
    return " ".join(key.split()[:2])
