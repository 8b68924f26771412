"""Rules for the names of projects and repositories, and for a repository's URL.

Pure: text in, a reason to refuse it out, None for a valid one. A repository's name is part of addresses, is typed and
is shown on pages, so it must not contain invisible characters or split a path.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from tgl_protocol.problem import FieldError
from tgl_protocol.projects import MAX_REPO_NAME_LENGTH
from tgl_server import errors
from tgl_server.access.guards import as_uuid
from tgl_server.http.text_rules import has_visible_lines

_SLUG = re.compile(r"[a-z0-9](-?[a-z0-9])*")
# The console has a form at the address where a project or a repository of this name would be.
_TAKEN = "new"
_SCHEMES = ("https", "http", "ssh", "git")
_URL_WANTED = f"Expected a URL of {', '.join(_SCHEMES)}, user@host:path, or a whole path of the server"
# The form of ssh and scp. A leading hyphen would make it an option of ssh, `name::` would run a program of git's, and
# without a user or a dot it could be `javascript:` or a drive.
_PATH = re.compile(r"(/[^/]+)+/?")
_SCP = re.compile(
    r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*\.)[A-Za-z0-9.-]*:[^:\s@][^\s@]*"
)


def slug_fault(slug: str) -> str | None:
    if not _SLUG.fullmatch(slug):
        return "Expected lower-case letters and digits with single hyphens between them"
    return _taken_fault(slug) or _uuid_fault(slug)


def repo_name_fault(name: str) -> str | None:
    if "/" in name or "\\" in name:
        return "A slash or backslash would split the address; the project is the only group there is"
    if name in (".", ".."):
        return "This name means a folder in a path"
    return line_fault(name) or _taken_fault(name) or _uuid_fault(name)


def as_repo_name(text: str) -> str:
    """The valid name nearest to a text from elsewhere, such as a folder's name: its end, if it is too long."""
    name = "".join(sign if sign.isprintable() and sign not in "/\\" else "-" for sign in text)
    name = name[-MAX_REPO_NAME_LENGTH:].strip()
    return f"repo{name}"[:MAX_REPO_NAME_LENGTH] if not name or repo_name_fault(name) else name


def line_fault(text: str) -> str | None:
    """The fault of a text that is shown on one line: all of it must be visible, without space at its ends."""
    if not text.isprintable():
        return "Contains a line break, a control character or another invisible one"
    return "Begins or ends with a space" if text != text.strip() else None


def text_fault(text: str) -> str | None:
    """The fault of a text of several lines."""
    return None if has_visible_lines(text) else "Contains a control character, or another that reorders or hides text"


def git_url_fault(url: str) -> str | None:
    """The fault of a repository's URL. All readers see it, so one with a credential is refused and never stored.

    Other schemes are refused as well: on a pull `ext::` would run a program. A path may be one of the server's machine,
    where every pull asks PULL_LOCAL_ROOTS whether it may be read.
    """
    if not url.isprintable() or " " in url:
        return "Contains a space or a control character"
    if "://" not in url:
        return None if _SCP.fullmatch(url) or _PATH.fullmatch(url) else _URL_WANTED
    return _split_url_fault(url)


def pulled_url_fault(url: str) -> str | None:
    """The fault of an address that the server is to pull from; what the operator's settings allow is for each pull."""
    if url.lower().startswith("git://"):
        return "No pull fetches git://, which nothing encrypts and nothing proves; use https:// or ssh://"
    return git_url_fault(url)


def _split_url_fault(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, user, password, _ = (parts.hostname, parts.username, parts.password, parts.port)
    except ValueError:
        return _URL_WANTED
    if parts.scheme not in _SCHEMES or not host or "%" in parts.netloc or host[0] == "-" or (user or "")[:1] == "-":
        return _URL_WANTED
    # A token is often sent as the user name over HTTP; for ssh the user name is part of the address.
    if password is not None or (user is not None and parts.scheme != "ssh"):
        return "Contains credentials. Leave them out: they belong to the machine that reads the repository"
    if parts.query or parts.fragment:
        return "Contains a query or a fragment, where tokens hide. Leave it out"
    return None


def _taken_fault(name: str) -> str | None:
    return "This word is part of an address of the console" if name == _TAKEN else None


def _uuid_fault(name: str) -> str | None:
    """The fault of a name that reads as a UUID: an address has either a name or an id in the same place."""
    return "This reads as a UUID, which names things by their id" if as_uuid(name) else None


def refuse_faults(faults: Mapping[str, str | None]) -> None:
    """Raises one 422 error with the reasons for all fields that have one."""
    reasons = [FieldError(message, field=field) for field, message in faults.items() if message]
    if reasons:
        raise errors.InvalidBody(errors=reasons)
