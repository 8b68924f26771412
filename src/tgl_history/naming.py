"""The name of a repository, and its remote's address without anybody's password."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

_USER_INFO = re.compile(r"//[^/]*@")
_SCP_LIKE = re.compile(r"^[^/@:\[\]]+@(?=[^/]+:)")


def without_credentials(url: str) -> str:
    """The address without user and query, as both may be tokens.

    An ssh user (`git@`) says nothing, and goes too.
    """
    if "://" not in url:
        return _SCP_LIKE.sub("", url)
    try:
        parts = urlsplit(url)
    except ValueError:  # such as a bracket without its other half
        return _USER_INFO.sub("//", url.partition("?")[0])
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def repository_name(remote_url: str | None, common_dir: Path) -> str:
    """The name of a repository: the last part of the remote's address, else of the folder's path; never empty.

    `git clone .` makes an address that ends in `/.`; what `..` leads to, only the folder in which it was said knows.
    """
    folder = common_dir.parent if common_dir.name == ".git" else common_dir
    own_name = os.fsencode(folder.resolve().name).decode("utf-8", "replace")
    parts = re.split(r"[/:\\]", remote_url or "")
    named = [name for part in parts if (name := part.removesuffix(".git")) not in ("", ".")]
    candidates = [named[-1] if named and named[-1] != ".." else "", own_name.removesuffix(".git")]
    return next((name for name in candidates if name), "repository")
