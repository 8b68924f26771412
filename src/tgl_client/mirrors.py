"""Repositories given by `git_url`: where their mirrors are, and keeping them fresh under the lock of the repository."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from tgl_client import errors
from tgl_client.address import ServerUrl, Target
from tgl_client.folders import cache_folder
from tgl_client.history.errors import HistoryError
from tgl_client.history.mirror import (
    Remote,
    RemoteNotFound,
    RemoteRefused,
    RemoteUnreachable,
    UnknownHostKey,
    update_mirror,
)
from tgl_client.history.naming import repository_name
from tgl_client.lock import locked
from tgl_client.project_file import RepoEntry

_KINDS: dict[type[HistoryError], type[errors.LocalRepositoryError]] = {
    RemoteUnreachable: errors.RemoteUnreachableError,
    RemoteRefused: errors.RemoteRefusedError,
    UnknownHostKey: errors.RemoteRefusedError,
    RemoteNotFound: errors.LocalRepositoryError,
}


def mirror_path(git_url: str) -> Path:
    """One mirror for each address, whoever pushes it where."""
    mark = hashlib.sha256(git_url.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return cache_folder() / "mirrors" / f"{repository_name(git_url, Path('repository'))}-{mark}.git"


def remote_name(git_url: str) -> str:
    """What the repository is called at its remote."""
    return repository_name(git_url, Path("repository"))


async def fetched(entry: RepoEntry, url: ServerUrl, target: Target, environ: Mapping[str, str]) -> Path:
    """The mirror, brought up to date; raises `TglError` in the words that fit the failure."""
    assert entry.git_url is not None
    folder = mirror_path(entry.git_url)
    remote = Remote(
        url=entry.git_url, ssh_key=entry.ssh_key, username=entry.username, password=_password(entry, environ)
    )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
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
