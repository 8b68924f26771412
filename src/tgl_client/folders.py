"""Where the client keeps its few files. The environment decides, through platformdirs; `TGL_HOME` moves all of them."""

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


def _moved(kind: str) -> Path | None:
    home = os.environ.get("TGL_HOME")
    return Path(home) / kind if home else None
