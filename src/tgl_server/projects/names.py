"""What projects and repositories may be called, and where a repository may say that it comes from.

Pure: text in, a reason to refuse it out (None when it is fine). A repository's name is part of addresses, of what
people type and of what a page shows, so it holds nothing invisible and nothing that splits a path.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit
from uuid import UUID

from tgl_protocol.problem import FieldError
from tgl_protocol.projects import MAX_REPO_NAME_LENGTH
from tgl_server import errors

_SLUG = re.compile(r"[a-z0-9](-?[a-z0-9])*")
_SCHEMES = ("https", "http", "ssh", "git")
_URL_WANTED = f"Expected a URL of {', '.join(_SCHEMES)}, or user@host:path"
# As ssh and scp write it. What starts with a hyphen would be an option to ssh, `name::` a program of git's to run, and
# without a user or a dot it could be `javascript:` or a drive.
_SCP = re.compile(
    r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*\.)[A-Za-z0-9.-]*:[^:\s@][^\s@]*"
)


def as_uuid(text: str) -> UUID | None:
    """The id that a text is, in any of the usual spellings; what is none may be a slug or a name."""
    try:
        return UUID(text)
    except ValueError:
        return None


def slug_fault(slug: str) -> str | None:
    if not _SLUG.fullmatch(slug):
        return "Expected lower-case letters and digits with single hyphens between them"
    return _uuid_fault(slug)


def repo_name_fault(name: str) -> str | None:
    if "/" in name or "\\" in name:
        return "A slash or backslash would split the address; the project is the only group there is"
    if name in (".", ".."):
        return "This name means a folder in a path"
    return line_fault(name) or _uuid_fault(name)


def as_repo_name(text: str) -> str:
    """The nearest name to a text from elsewhere, such as a folder's name: its end, if it is too long."""
    name = "".join(sign if sign.isprintable() and sign not in "/\\" else "-" for sign in text)
    name = name[-MAX_REPO_NAME_LENGTH:].strip()
    return f"repo{name}"[:MAX_REPO_NAME_LENGTH] if not name or repo_name_fault(name) else name


def line_fault(text: str) -> str | None:
    """Of a text that is shown on one line: it must be visible, whole, and the same however it is copied."""
    if not text.isprintable():
        return "Contains a line break, a control character or another invisible one"
    return "Begins or ends with a space" if text != text.strip() else None


def text_fault(text: str) -> str | None:
    """Of a text of several lines."""
    return "Contains the character U+0000, which PostgreSQL cannot store" if "\x00" in text else None


def git_url_fault(url: str) -> str | None:
    """A URL is shown to all who read the repository, so a credential in it is refused and never stored.

    Other schemes are refused as well: `ext::` runs a program and `file:` reads the server's disk when it pulls.
    """
    if not url.isprintable() or " " in url:
        return "Contains a space or a control character"
    if "://" not in url:
        return None if _SCP.fullmatch(url) else _URL_WANTED
    return _split_url_fault(url)


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


def _uuid_fault(name: str) -> str | None:
    """A name and an id are used in the same place of an address."""
    return "This reads as a UUID, which names things by their id" if as_uuid(name) else None


def refuse_faults(faults: Mapping[str, str | None]) -> None:
    """Raises one 422 error with the reason for every field that has one."""
    reasons = [FieldError(message, field=field) for field, message in faults.items() if message]
    if reasons:
        raise errors.InvalidBody(errors=reasons)
