"""Fetching a remote into its mirror: check, count its branches, and fetch them if any has changed.

The branches are listed first, as git has no limit of its own; a pull that finds nothing new ends there. A remote that
answers otherwise the second time meets the watch on the folder.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from tgl_server.remotes import command as commands
from tgl_server.remotes.address import Place, Scheme, parse, reachable
from tgl_server.remotes.credential import Credential, HttpsToken, SshKey, is_one_line
from tgl_server.remotes.errors import Reason, RemoteFailed, RemoteRefused
from tgl_server.remotes.explained import explain, too_large, too_many_refs
from tgl_server.remotes.folder import delete_leftovers, locked, size_of
from tgl_server.remotes.policy import RemotePolicy
from tgl_server.remotes.process import Limits, Reader, ignore, run_guarded
from tgl_server.remotes.ssh import ssh_command
from tgl_server.remotes.watching import watch_folder

_LOG = logging.getLogger(__name__)

_BRANCHES = "+refs/heads/*:refs/heads/*"
_MEMORY_BYTES = 4 * 1024**3
# On the average: no forge has names of branches as long as this.
_LONGEST_REF = 400
_SHORT_LISTING = 64 * 1024
# When the mirror's HEAD was last compared with the remote's.
_ASKED = "tgl-head-asked"
_HEAD_SECONDS = 24 * 60 * 60
# A HEAD that is no branch.
_NO_BRANCH = "refs/none"


async def fetch(url: str, mirror: Path, *, policy: RemotePolicy, credential: Credential | None = None) -> None:
    """Make or update the bare mirror of a remote's branches; deleted branches are deleted here as well.

    Raises `RemoteRefused`, `RemoteUnreachable`, `RemoteTooLarge` or `RemoteFailed`. However it ends, no process of it
    is left, nobody else works on the mirror meanwhile, and the next fetch finds it in order. Call it from the main
    thread, as the kernel ends git with the thread that started it.
    """
    place = parse(url, policy)
    _check_credential(place, credential)
    try:
        async with asyncio.timeout(policy.deadline.total_seconds()):
            await _fetch(place, mirror, policy, credential)
    except TimeoutError:
        minutes = round(policy.deadline / timedelta(minutes=1))
        raise RemoteFailed(
            f"fetching {place} took longer than {minutes} minutes", "raise PULL_FETCH_MINUTES", Reason.DEADLINE
        ) from None


async def _fetch(place: Place, mirror: Path, policy: RemotePolicy, credential: Credential | None) -> None:
    address = await reachable(place, policy)
    async with AsyncExitStack() as stack:
        lock = await stack.enter_async_context(locked(mirror))
        ssh = stack.enter_context(ssh_command(place, address, credential))
        stack.callback(delete_leftovers, mirror)
        delete_leftovers(mirror)
        (mirror / "home").mkdir(mode=0o700, parents=True, exist_ok=True)
        environment = commands.environment(place, mirror, policy, credential, ssh)
        work = _Work(place, mirror, policy, credential, environment, lock)
        if not (mirror / "HEAD").exists():
            await work.run(commands.init_command(mirror))
        git = commands.git_command(place, mirror, policy, address)
        if await _branches(work, git) != await _own_branches(work, git):
            options = ["--prune", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]
            await work.run([*git, "fetch", "-q", *options, "--end-of-options", place.url, _BRANCHES])
            await _check_size(work, git)
        if _is_head_old(mirror):
            await _follow_head(work, git)


class _Work(Struct, frozen=True):
    """The fetch that its git processes are part of."""

    place: Place
    mirror: Path
    policy: RemotePolicy
    credential: Credential | None
    environment: dict[str, str]
    lock: int

    def __repr__(self) -> str:
        return f"_Work({self.place})"  # the environment holds a token

    async def run(self, command: Sequence[str], reader: Reader = ignore) -> None:
        """Run git, watched; raises what its failure means."""
        started = time.monotonic()
        left = max(1, self.policy.max_bytes - size_of(self.mirror))
        limits = Limits(
            file_bytes=left,
            memory_bytes=_MEMORY_BYTES,
            cpu_seconds=max(1, round(self.policy.deadline.total_seconds())),
        )

        async def watch(process: int) -> None:
            await watch_folder(self.place, self.mirror, self.policy, process)

        ended = await run_guarded(command, self.environment, limits, held=[self.lock], watch=watch, reader=reader)
        milliseconds = (time.monotonic() - started) * 1000
        _LOG.debug("ran %s: status %s, %.0f ms", commands.shown(list(command)), ended.status, milliseconds)
        if ended.status:
            raise explain(self.place, ended.said, self.credential, self.policy)


class Listing:
    """What a remote lists, in pieces; `text` never grows far over the limit of branches."""

    def __init__(self, place: Place, policy: RemotePolicy) -> None:
        self.text = bytearray()
        self._place = place
        self._policy = policy
        self._lines = 0

    def take(self, piece: bytes) -> None:
        """Add a piece; raises `RemoteTooLarge` for too many lines, or for too much text."""
        self.text += piece
        self._lines += piece.count(b"\n")
        most = self._policy.max_refs
        if self._lines > most or len(self.text) > max(_SHORT_LISTING, most * _LONGEST_REF):
            raise too_many_refs(self._place, self._policy)


async def _branches(work: _Work, git: list[str]) -> bytes:
    """The remote's branches, a line each: object, tab, name."""
    listing = Listing(work.place, work.policy)
    await work.run([*git, "ls-remote", "-q", "--heads", "--refs", "--end-of-options", work.place.url], listing.take)
    return _sorted(bytes(listing.text))


def _is_head_old(mirror: Path) -> bool:
    """True if nobody has asked for the default branch for a day: remotes list all their refs for that."""
    return not (mirror / _ASKED).exists() or time.time() - (mirror / _ASKED).stat().st_mtime > _HEAD_SECONDS


async def _follow_head(work: _Work, git: list[str]) -> None:
    """Let the mirror's HEAD name the remote's default branch, or none where that has none."""
    listing = Listing(work.place, work.policy)
    await work.run([*git, "ls-remote", "-q", "--symref", "--end-of-options", work.place.url, "HEAD"], listing.take)
    lines = bytes(listing.text).decode(errors="replace").splitlines()
    named = [line.removeprefix("ref: ").removesuffix("\tHEAD") for line in lines if line.endswith("\tHEAD")]
    own = {line.partition(b"\t")[2].decode(errors="replace") for line in (await _own_branches(work, git)).splitlines()}
    head = next((name for name in named if name in own), _NO_BRANCH)
    await work.run([*git, "symbolic-ref", "HEAD", head])
    (work.mirror / _ASKED).touch()


async def _own_branches(work: _Work, git: list[str]) -> bytes:
    listed = bytearray()
    await work.run([*git, "for-each-ref", "--format=%(objectname)%09%(refname)", "refs/heads"], listed.extend)
    return _sorted(bytes(listed))


async def _check_size(work: _Work, git: list[str]) -> None:
    """Raises `RemoteTooLarge` for what a remote sent so fast that nobody saw it."""
    if size_of(work.mirror) > work.policy.max_bytes:
        raise too_large(work.place, work.policy)
    if len((await _own_branches(work, git)).splitlines()) > work.policy.max_refs:
        raise too_many_refs(work.place, work.policy)


def _sorted(lines: bytes) -> bytes:
    return b"\n".join(sorted(lines.splitlines()))


def _check_credential(place: Place, credential: Credential | None) -> None:
    """Raises `RemoteRefused` for a credential that is of no use there."""
    wanted = SshKey if place.scheme is Scheme.SSH else HttpsToken
    if credential is not None and not isinstance(credential, wanted):
        raise RemoteRefused(
            f"the stored credentials do not fit {place}",
            "store a key for ssh, and a token for https",
            Reason.CREDENTIALS,
        )
    if isinstance(credential, HttpsToken) and not (is_one_line(credential.username) and is_one_line(credential.token)):
        raise RemoteRefused("the stored token is not one line of text", "store it again", Reason.CREDENTIALS)
