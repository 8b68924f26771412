"""Git's command line and its environment, of which nothing is inherited."""

import os
import shlex
import shutil
from pathlib import Path

from tgl_history.remote_words import SAFE_OPTIONS
from tgl_server.outbound.addresses import Address
from tgl_server.remotes.address import Place, Scheme, bracketed
from tgl_server.remotes.credential import Credential, HttpsToken
from tgl_server.remotes.errors import Reason, RemoteFailed
from tgl_server.remotes.policy import RemotePolicy

#: The oldest git that connects to the address that was checked: older ones do not know `http.curloptResolve`.
OLDEST_GIT = (2, 37)
_SLOW_BYTES = 1000
_USER, _TOKEN = "TGL_USERNAME", "TGL_TOKEN"
_HELPER = f'!f() {{ test "$1" = get && printf "username=%s\\npassword=%s\\n" "${_USER}" "${_TOKEN}"; }}; f'

# No garbage collection beside the fetch, which would be a process that nobody watches.
_FIXED = (
    *SAFE_OPTIONS,
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "http.followRedirects=false"),
    *("-c", "fetch.unpackLimit=1"),
    # It refuses real histories for faults that nobody suffers from, as nothing is checked out here.
    *("-c", "fetch.fsckObjects=false"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "pack.threads=1"),
    # Git would map whole packs, which the limit of its memory forbids.
    *("-c", "core.packedGitWindowSize=32m"),
    *("-c", "core.packedGitLimit=512m"),
    *("-c", "credential.helper="),
)


def git() -> str:
    """The path of git; raises `RemoteFailed` without one."""
    found = shutil.which("git")
    if found is None:
        raise RemoteFailed("pulling needs git, and none is on the PATH", "install git", Reason.NO_GIT)
    return found


def init_command(mirror: Path) -> list[str]:
    """The command that makes an empty mirror, without the templates of this machine."""
    return [git(), "init", "-q", "--bare", "--template=", "--initial-branch=main", os.fspath(mirror)]


def local_command(mirror: Path) -> list[str]:
    """Git with all options that precede the name of a command that asks no remote."""
    return [git(), f"--git-dir={os.fspath(mirror)}", *_FIXED]


def local_environment(mirror: Path) -> dict[str, str]:
    """The whole environment of a git that asks no remote; no protocol is allowed."""
    home = os.fspath(mirror / "home")
    return {
        "PATH": search_path(),
        "LANG": "C",
        "LC_ALL": "C",
        "HOME": home,
        "XDG_CONFIG_HOME": home,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_NO_LAZY_FETCH": "1",
    }


def git_command(place: Place, mirror: Path, policy: RemotePolicy, address: Address | None) -> list[str]:
    """Git with all options that precede the name of a command. The URL and no secret are part of it."""
    options: list[str] = []
    if place.scheme in (Scheme.HTTPS, Scheme.HTTP):
        options += ["-c", f"http.lowSpeedLimit={_SLOW_BYTES}"]
        options += ["-c", f"http.lowSpeedTime={max(1, round(policy.stall.total_seconds()))}"]
        options += ["-c", f"credential.{place.origin}.helper={_HELPER}"]
        options += ["-c", f"http.sslCAInfo={os.fspath(policy.ca_file)}"] if policy.ca_file else []
        # The empty proxy also switches off what the environment names.
        options += [] if policy.proxy else ["-c", "http.proxy="]
    if address is not None and place.scheme is not Scheme.SSH:
        options += ["-c", f"http.curloptResolve={place.host}:{place.port}:{bracketed(address)}"]
    return [*local_command(mirror), *options]


def environment(
    place: Place, mirror: Path, policy: RemotePolicy, credential: Credential | None, ssh_command: str
) -> dict[str, str]:
    """The whole environment of git. A token is in it, and so in that of git's own children, and nowhere else."""
    made = {
        **local_environment(mirror),
        "GIT_ALLOW_PROTOCOL": place.scheme.value,
        "GIT_SSH_COMMAND": ssh_command,
        "GIT_SSH_VARIANT": "ssh",
    }
    if place.scheme is Scheme.FILE:
        # A config of ours is the only place where git, reading somebody else's repository, looks for this.
        made["GIT_CONFIG_GLOBAL"] = _trust(mirror, place.url)
    if policy.proxy and place.scheme in (Scheme.HTTPS, Scheme.HTTP):
        made |= {"https_proxy": policy.proxy, "http_proxy": policy.proxy}
    if isinstance(credential, HttpsToken):
        made |= {_USER: credential.username, _TOKEN: credential.token}
    return made


def search_path() -> str:
    """Where git and ssh are, and the system's own folders."""
    found = [os.fspath(Path(path).parent) for name in ("git", "ssh") if (path := shutil.which(name))]
    return os.pathsep.join(dict.fromkeys([*found, "/usr/bin", "/bin"]))


def _trust(mirror: Path, path: str) -> str:
    config = mirror / "home" / "config"
    quoted = path.replace("\\", "\\\\").replace('"', '\\"')
    # The git that sends knows the options of ours no more than another machine's would.
    packs = "[core]\n\tpackedGitWindowSize = 32m\n\tpackedGitLimit = 512m\n"
    config.write_text(f'[safe]\n\tdirectory = "{quoted}"\n{packs}')
    return os.fspath(config)


def shown(command: list[str]) -> str:
    """A command as a log shows it; it holds no secret by the way it is made."""
    return shlex.join(command)
