"""Mirrors: bare copies of remotes, kept up to date by `git fetch`, with credentials that stay out of sight.

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
import logging
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from tgl_history.errors import HistoryError
from tgl_history.naming import without_credentials
from tgl_history.remote_words import SAFE_OPTIONS, Trouble, last_line, trouble_in

_LOG = logging.getLogger(__name__)

#: The time that git has to tidy up when it is told to end.
_TIDY_SECONDS = 2.0

# The first, empty one switches the user's own helpers off: they are neither asked nor told.
_HELPER = (
    *("-c", "credential.helper="),
    *("-c", 'credential.helper=!f() { printf "username=%s\\npassword=%s\\n" "$TGL_USERNAME" "$TGL_PASSWORD"; }; f'),
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
    """Where to fetch from, and the credentials: an ssh key, a user with a password, those of ssh-agent, or none."""

    url: str
    ssh_key: Path | None = None
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Remote({without_credentials(self.url)})"


async def update_mirror(remote: Remote, folder: Path, environ: Mapping[str, str] = os.environ) -> None:
    """Make or update the bare mirror in `folder`; branches that the remote has deleted are deleted here as well."""
    _check(remote)
    git = shutil.which("git")
    if git is None:
        raise MirrorFailed("fetching a remote needs git, and none is on the PATH", "install git")
    if not (folder / "HEAD").exists():
        await _run([git, "init", "-q", "--bare", os.fspath(folder)], environment(remote, environ), remote)
    helpers = _HELPER if remote.password is not None else ()
    fetch = ["fetch", "-q", "--prune", "--no-tags", "--no-write-fetch-head", "--end-of-options"]
    # Named, not found: with `-C`, git refuses a bare repository under `safe.bareRepository=explicit`.
    # The rest of this machine's configuration counts: its proxies, ssh, authorities, and other names of hosts.
    command = [
        git,
        f"--git-dir={os.fspath(folder)}",
        *SAFE_OPTIONS,
        *helpers,
        *fetch,
        remote.url,
        "+refs/heads/*:refs/heads/*",
    ]
    await _run(command, environment(remote, environ), remote)


def _check(remote: Remote) -> None:
    if "://" in remote.url and urlsplit(remote.url).password:
        raise MirrorFailed(
            f"the address of {without_credentials(remote.url)} holds a password, which the process list would show",
            "remove it from git_url; use username and password_env",
        )
    if remote.ssh_key is not None and not remote.ssh_key.is_file():
        raise RemoteRefused(f"there is no ssh key {remote.ssh_key}", "correct ssh_key in repos.yaml")


def environment(remote: Remote, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of git: no prompt hangs a cron job, and no `GIT_DIR` of a hook leads git elsewhere."""
    clean = {name: value for name, value in environ.items() if not name.startswith("GIT_") or "SSL" in name}
    clean |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_SSH_COMMAND": _ssh_command(remote.ssh_key, environ.get("GIT_SSH_COMMAND")),
        "LC_ALL": "C",
    }
    if remote.password is not None:
        clean |= {"TGL_USERNAME": remote.username or "git", "TGL_PASSWORD": remote.password}
    return clean


def _ssh_command(key: Path | None, users: str | None) -> str:
    """The command line of ssh, with the key before any that the user's own command names.

    Of several keys, ssh tries the first; so ours follows the program, where that is ssh, and ends any other command.
    """
    if users is None or not users.strip():
        users = "ssh -o BatchMode=yes -o ConnectTimeout=20"
    if key is None:
        return users
    ours = shlex.join(["-i", os.fspath(key), "-o", "IdentitiesOnly=yes"])
    program, _, rest = users.strip().partition(" ")
    if Path(program.strip("'\"")).name in ("ssh", "ssh.exe"):
        return f"{program} {ours} {rest}".strip()
    return f"{users} {ours}"


async def _run(command: list[str], environment: dict[str, str], remote: Remote) -> None:
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        await _end(process)
        raise
    milliseconds = (time.monotonic() - started) * 1000
    shown = shlex.join(without_credentials(each) if each == remote.url else each for each in command)
    _LOG.debug("ran %s: status %s, %.0f ms", shown, process.returncode, milliseconds)
    if process.returncode:
        raise _explain(remote, said.decode("utf-8", "replace"))


async def _end(process: asyncio.subprocess.Process) -> None:
    """End git and what it started: a helper that waits for a silent server would keep our end of the pipe open."""
    for number in (signal.SIGTERM, signal.SIGKILL) if sys.platform != "win32" else ():
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(_TIDY_SECONDS):
                await process.communicate()
                return
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def _explain(remote: Remote, said: str) -> MirrorFailed:
    """The error that git's words mean, with what to do; unknown words are shown, without the password."""
    place = without_credentials(remote.url)
    match trouble_in(said):
        case Trouble.HOST_KEY_UNKNOWN | Trouble.HOST_KEY_CHANGED:
            by_hand = f"git ls-remote {shlex.quote(place)}"
            return UnknownHostKey(
                f"ssh does not trust the host key of {place}",
                f"connect once by hand and compare the fingerprint: {by_hand}",
            )
        case Trouble.CREDENTIALS:
            return RemoteRefused(f"{place} refused the credentials", _credentials_hint(remote))
        case Trouble.NOT_FOUND:
            hint = "check git_url, and who may read it"
            return RemoteNotFound(f"{place} was not found, or these credentials may not see it", hint)
        case Trouble.CERTIFICATE:
            hint = "name its authority with `git config --global http.sslCAInfo FILE`, or in GIT_SSL_CAINFO"
            return RemoteUnreachable(f"the certificate of {place} is not trusted", hint)
        case Trouble.SERVER_ERROR:
            return RemoteUnreachable(f"{place} is overloaded or has an error", "try again later")
        case Trouble.UNREACHABLE | Trouble.STALLED:
            return RemoteUnreachable(f"no connection to {place}", "check the network, and `git ls-remote` by hand")
        case Trouble.OTHER_HASH:
            return MirrorFailed(f"{place} uses SHA-256 object names", "these are not supported")
        case Trouble.DISK_FULL:
            return MirrorFailed(f"there is no space for the mirror of {place}", "free space on the disk of the cache")
    words = without_credentials(last_line(said.replace(remote.password, "***") if remote.password else said))
    return MirrorFailed(f"fetching {place} failed: {words}", "run `git ls-remote` on it by hand")


def _credentials_hint(remote: Remote) -> str:
    if remote.ssh_key is not None:
        return "is the public key registered there? A key with a passphrase has to be in ssh-agent"
    if remote.password is not None:
        return "check username, and that the variable of password_env holds a token that may read"
    return "give ssh_key, or username and password_env, or load a key into ssh-agent"
