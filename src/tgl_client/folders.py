"""Where the client keeps its few files. The environment decides, through platformdirs; `TGL_HOME` moves all of them."""

import hashlib
import os
from pathlib import Path

from platformdirs import PlatformDirs

_DIRS = PlatformDirs("tgl", appauthor=False)


def config_folder() -> Path:
    """For the login file."""
    return _moved("config") or _DIRS.user_config_path


def state_folder() -> Path:
    """For locks and the reports of refused commits; may be deleted at any time."""
    return _moved("state") or _DIRS.user_state_path


def cache_folder() -> Path:
    """For mirrors of remotes; may be deleted at any time."""
    return _moved("cache") or _DIRS.user_cache_path


def state_name(path: Path, url: str, target: str) -> str:
    """A file name for what belongs to a repository and where it is pushed to."""
    return hashlib.sha256(f"{path.resolve()}\0{url}\0{target}".encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _moved(kind: str) -> Path | None:
    home = os.environ.get("TGL_HOME")
    return Path(home) / kind if home else None
