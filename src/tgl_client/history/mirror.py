"""A bare copy of a remote in our cache, brought up to date by `git fetch`, with credentials that stay out of sight.

    HistoryError
    └── MirrorFailed              the remote could not be fetched
        ├── RemoteUnreachable     no network, no such host, a time-out
        ├── RemoteRefused         credentials are missing, wrong, or not enough
        ├── RemoteNotFound        no such repository, or none that these credentials may see
        └── UnknownHostKey        ssh does not know the host yet, or knows another

The password reaches git through the environment of that one process, from which a credential helper prints it: never
through an argument, a file, or the repository's configuration. The remote's address is not stored in the mirror either.
"""

import asyncio
import os
import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from tgl_client.history.errors import HistoryError
from tgl_client.history.naming import without_credentials

# The first, empty one switches the user's own helpers off: they are neither asked nor told.
_HELPER = (
    *("-c", "credential.helper="),
    *("-c", 'credential.helper=!f() { printf "username=%s\\npassword=%s\\n" "$TGL_USERNAME" "$TGL_PASSWORD"; }; f'),
)

# In this order: "not found" is also part of other failures' words. Git speaks English here (LC_ALL=C).
_HOST_KEY = re.compile(r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED", re.IGNORECASE)
_REFUSED = re.compile(
    r"Permission denied|Authentication failed|could not read (Username|Password)|error: 40[13]\b|Access denied",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(r"not found|does not exist|does not appear to be a git repository|error: 404\b", re.IGNORECASE)
_UNREACHABLE = re.compile(
    r"Could not resolve|Connection (refused|timed out|reset|closed)|No route to host|Network is unreachable|"
    r"Failed to connect|Operation timed out|Timeout was reached|SSL certificate problem|early EOF",
    re.IGNORECASE,
)


class MirrorFailed(HistoryError):
    """The remote could not be fetched."""


class RemoteUnreachable(MirrorFailed):
    """No connection to the remote."""


class RemoteRefused(MirrorFailed):
    """The remote does not accept the credentials."""


class RemoteNotFound(MirrorFailed):
    """The remote has no such repository."""


class UnknownHostKey(MirrorFailed):
    """The remote's ssh host key is not the one that is known."""


class Remote(Struct, frozen=True, kw_only=True):
    """Where to fetch from, and how to be let in: an ssh key, a user with a password, ssh-agent, or nothing."""

    url: str
    ssh_key: Path | None = None
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Remote({without_credentials(self.url)})"


async def update_mirror(remote: Remote, folder: Path, environ: Mapping[str, str] = os.environ) -> None:
    """Make or update the bare mirror in `folder`; branches that are gone there go here as well."""
    _check(remote)
    git = shutil.which("git")
    if git is None:
        raise MirrorFailed("fetching a remote needs git, and none is on the PATH", "install git")
    if not (folder / "HEAD").exists():
        await _run([git, "init", "-q", "--bare", os.fspath(folder)], _environment(remote, environ), remote)
    helpers = _HELPER if remote.password is not None else ()
    fetch = ["fetch", "-q", "--prune", "--no-tags", "--no-write-fetch-head", "--end-of-options"]
    command = [git, "-C", os.fspath(folder), *helpers, *fetch, remote.url, "+refs/heads/*:refs/heads/*"]
    await _run(command, _environment(remote, environ), remote)


def _check(remote: Remote) -> None:
    if "://" in remote.url and urlsplit(remote.url).password:
        raise MirrorFailed(
            f"the address of {without_credentials(remote.url)} holds a password, which the process list would show",
            "take it out of git_url; use username and password_env",
        )
    if remote.ssh_key is not None and not remote.ssh_key.is_file():
        raise RemoteRefused(f"there is no ssh key {remote.ssh_key}", "correct ssh_key in repos.yaml")


def _environment(remote: Remote, environ: Mapping[str, str]) -> dict[str, str]:
    """No prompt may hang a cron job, and no `GIT_DIR` of a hook may lead git elsewhere."""
    clean = {name: value for name, value in environ.items() if not name.startswith("GIT_") or "SSL" in name}
    ssh = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20"]
    if remote.ssh_key is not None:
        ssh += ["-i", os.fspath(remote.ssh_key), "-o", "IdentitiesOnly=yes"]
    clean |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_SSH_COMMAND": environ.get("GIT_SSH_COMMAND") or shlex.join(ssh),
        "LC_ALL": "C",
    }
    if remote.password is not None:
        clean |= {"TGL_USERNAME": remote.username or "git", "TGL_PASSWORD": remote.password}
    return clean


async def _run(command: list[str], environment: dict[str, str], remote: Remote) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    if process.returncode:
        raise explain(remote, said.decode("utf-8", "replace"))


def explain(remote: Remote, said: str) -> MirrorFailed:
    """What git's words mean, and what to do; the words themselves are shown without the password."""
    place = without_credentials(remote.url)
    if _HOST_KEY.search(said):
        return UnknownHostKey(
            f"ssh does not trust the host key of {place}",
            f"connect once by hand and compare the fingerprint: git ls-remote {shlex.quote(place)}",
        )
    if _REFUSED.search(said):
        return RemoteRefused(f"{place} refused the credentials", _credentials_hint(remote))
    if _NOT_FOUND.search(said):
        return RemoteNotFound(
            f"{place} was not found, or these credentials may not see it", "check git_url, and who may read it"
        )
    if _UNREACHABLE.search(said):
        return RemoteUnreachable(f"no connection to {place}", "check the network, and `git ls-remote` by hand")
    words = said.replace(remote.password, "***") if remote.password else said
    last = next((line for line in reversed(words.splitlines()) if line.strip()), "git said nothing")
    return MirrorFailed(f"fetching {place} failed: {without_credentials(last)}", "run `git ls-remote` on it by hand")


def _credentials_hint(remote: Remote) -> str:
    if remote.ssh_key is not None:
        return "is the public key registered there? A key with a passphrase has to be in ssh-agent"
    if remote.password is not None:
        return "check username, and that the variable of password_env holds a token that may read"
    return "give ssh_key, or username and password_env, or load a key into ssh-agent"
