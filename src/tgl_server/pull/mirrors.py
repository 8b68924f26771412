"""The folder of mirrors: a cache of what was fetched, which may be deleted at any time."""

import asyncio
import shutil
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

from tgl_server.access.ids import RepoId
from tgl_server.db.embedded import default_data_dir
from tgl_server.remotes import RemoteError, locked
from tgl_server.settings import Settings

#: How the names of mirrors end that are being deleted.
DELETED: Final = ".deleted"


def mirrors_folder(settings: Settings) -> Path:
    """The folder of all mirrors: MIRROR_DIR, or one in the data folder."""
    if settings.mirror_dir:
        return Path(settings.mirror_dir).expanduser()
    data_dir = Path(settings.data_dir).expanduser() if settings.data_dir else default_data_dir()
    return data_dir / "mirrors"


def mirror_of(settings: Settings, repo_id: RepoId) -> Path:
    """The mirror of a repository, which need not be there."""
    return mirrors_folder(settings) / f"{repo_id}.git"


def this_host() -> str:
    """The name under which this machine's mirrors are known."""
    return socket.gethostname()


def free_bytes(folder: Path) -> int | None:
    """The free bytes where the mirrors are, or will be; None where we may not look."""
    try:
        there = next((place for place in (folder, *folder.parents) if place.exists()), None)
        return None if there is None else shutil.disk_usage(there).free
    except OSError:
        return None


async def delete_mirror(
    mirror: Path, may_go: Callable[[], Awaitable[bool]] | None = None, patience_seconds: float = 10
) -> bool:
    """Delete a mirror, unless somebody works on it, or `may_go`, asked under its lock, says no; whether it is gone.

    It is set aside at once, so that nobody who comes next finds half of it, and deleted in a thread.
    """
    aside = mirror.with_name(f"{mirror.name}.{uuid4().hex}{DELETED}")
    try:
        async with locked(mirror, patience_seconds):
            if may_go is not None and not await may_go():
                return False
            mirror.rename(aside)  # noqa: ASYNC240 -- a moment's work
    except (RemoteError, OSError):
        return False
    await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)
    return True
