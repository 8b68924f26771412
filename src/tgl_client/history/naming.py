"""What to call a repository, and where it came from, without anybody's password."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

_SCP_LIKE = re.compile(r"^[^/@:\[\]]+@(?=[^/]+:)")


def without_credentials(url: str) -> str:
    """The address alone: user names may be tokens, and so may query strings.

    An ssh user (`git@`) says nothing, and goes too.
    """
    if "://" not in url:
        return _SCP_LIKE.sub("", url)
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def repository_name(remote_url: str | None, common_dir: Path) -> str:
    """The last part of the remote's address, else of the folder's path; never empty."""
    folder = common_dir.parent if common_dir.name == ".git" else common_dir
    own_name = os.fsencode(folder.resolve().name).decode("utf-8", "replace")
    candidates = [re.split(r"[/:\\]", (remote_url or "").rstrip("/"))[-1], own_name]
    return next((name for found in candidates if (name := found.removesuffix(".git"))), "repository")
