"""The mirrors of repositories given by `git_url`: where they are, and fetching into them under their lock."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from tgl_client import errors
from tgl_client.http.address import ServerUrl, Target
from tgl_client.pushing.lock import locked
from tgl_client.settings.files import system_errors
from tgl_client.settings.folders import cache_folder
from tgl_client.settings.project_file import RepoEntry
from tgl_history.errors import HistoryError
from tgl_history.mirror import Remote, RemoteNotFound, RemoteRefused, RemoteUnreachable, UnknownHostKey, update_mirror
from tgl_history.naming import repository_name

_KINDS: dict[type[HistoryError], type[errors.LocalRepositoryError]] = {
    RemoteUnreachable: errors.RemoteUnreachableError,
    RemoteRefused: errors.RemoteRefusedError,
    UnknownHostKey: errors.RemoteRefusedError,
    RemoteNotFound: errors.LocalRepositoryError,
}


def mirror_path(git_url: str) -> Path:
    """The folder of the mirror: one for each address, wherever it is pushed."""
    mark = hashlib.sha256(git_url.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return cache_folder() / "mirrors" / f"{repository_name(git_url, Path('repository'))}-{mark}.git"


def remote_name(git_url: str) -> str:
    """The name of the repository at its remote."""
    return repository_name(git_url, Path("repository"))


async def fetched(entry: RepoEntry, url: ServerUrl, target: Target, environ: Mapping[str, str]) -> Path:
    """Fetch into the mirror and return its folder; raises `TglError` in the words that fit the failure."""
    assert entry.git_url is not None
    folder = mirror_path(entry.git_url)
    remote = Remote(
        url=entry.git_url, ssh_key=entry.ssh_key, username=entry.username, password=_password(entry, environ)
    )
    with system_errors(f"the mirror {folder} cannot be made"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with locked(folder, url, target):
            await update_mirror(remote, folder, environ)
    except HistoryError as error:
        kind = _KINDS.get(type(error), errors.LocalRepositoryError)
        raise kind(str(error), hint=error.hint) from error
    return folder


def _password(entry: RepoEntry, environ: Mapping[str, str]) -> str | None:
    if entry.password_env is None:
        return None
    if not environ.get(entry.password_env):
        raise errors.ConfigError(
            f"the password for {remote_name(str(entry.git_url))} is missing: {entry.password_env} is not set",
            hint="set it, for instance from the job's secrets",
        )
    return environ[entry.password_env]
