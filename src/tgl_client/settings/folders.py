"""The folders of the client's few files: platformdirs finds them in the environment, and `TGL_HOME` moves them all."""

import hashlib
import os
from pathlib import Path

from platformdirs import PlatformDirs

_DIRS = PlatformDirs("tgl", appauthor=False)


def config_folder() -> Path:
    """The folder of the login file."""
    return _moved("config") or _DIRS.user_config_path


def state_folder() -> Path:
    """The folder of locks and of reports of refused commits; may be deleted at any time."""
    return _moved("state") or _DIRS.user_state_path


def cache_folder() -> Path:
    """The folder of mirrors of remotes; may be deleted at any time."""
    return _moved("cache") or _DIRS.user_cache_path


def state_name(path: Path, url: str, target: str) -> str:
    """A file name for what belongs to a repository and where it is pushed to."""
    try:
        place = path.resolve()
    except (OSError, RuntimeError, ValueError):
        place = path  # no repository is there, as whoever opens it will say
    return hashlib.sha256(f"{place}\0{url}\0{target}".encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _moved(kind: str) -> Path | None:
    home = os.environ.get("TGL_HOME")
    return Path(home) / kind if home else None
