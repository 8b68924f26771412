"""Comparing addresses of repositories: one repository has many, and none of them is ever opened here. Pure."""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

# user@host:path, the form of ssh and scp.
_SCP = re.compile(r"(?:[^/@\s]+@)?([^/:@\s]+):(?!//)(.*)", re.DOTALL)
# Hosts for ssh alone, or through the port of HTTPS, and where the pages of the same repositories are.
_PAGES = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
    "ssh.dev.azure.com": "dev.azure.com",
    "vs-ssh.visualstudio.com": "dev.azure.com",
}
_AZURE = "dev.azure.com"
_OLD_AZURE = ".visualstudio.com"
# Parts of a path in one kind of address and not in another: Azure DevOps has `v3` and `_git`, Bitbucket `scm`.
_AZURE_PARTS = ("v3", "_git", "defaultcollection")
_BITBUCKET_PART = "scm"


def is_same(url: str, others: Iterable[str]) -> bool:
    """True if one of the addresses is another of the same repository."""
    wanted = place_of(url)
    return wanted is not None and wanted in map(place_of, others)


def place_of(url: str) -> tuple[str, str] | None:
    """Host and path of a repository, without scheme, user, port, `.git` and capitals; None for what is no address.

    Ports differ between ssh and HTTPS on one host, and forges do not tell repositories apart by capitals.
    """
    split = _split(url.strip())
    if split is None:
        return None
    host, path = split
    parts = [unquote(part).casefold() for part in path.split("/") if part]
    if not parts:
        return None
    host = _PAGES.get(host, host)
    if host.endswith(_OLD_AZURE):
        host, parts = _AZURE, [host.removesuffix(_OLD_AZURE), *parts]
    if host == _AZURE:
        parts = [part for part in parts if part not in _AZURE_PARTS]
    elif len(parts) > 2 and _BITBUCKET_PART in parts[:-2]:
        parts.remove(_BITBUCKET_PART)
    return host, "/".join(parts).removesuffix(".git")


def _split(url: str) -> tuple[str, str] | None:
    if "://" not in url:
        found = _SCP.fullmatch(url)
        return (found[1].lower(), found[2]) if found else None
    try:
        parts = urlsplit(url)
        return (parts.hostname, parts.path) if parts.hostname else None
    except ValueError:
        return None
