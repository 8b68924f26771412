"""Converts a raw commit object to the commit of the wire contract.

Git's own reading is the reference (`git log --format=%an...`): of two author lines the last counts, of two
encodings the first, and a line that git cannot split into name, address and date is empty.
The object is parsed here: libgit2 refuses some objects that git shows (libgit2/pygit2#947), and is slower.
"""

import re
from datetime import datetime

from msgspec import UNSET

from tgl_history.dates import EPOCH, instant
from tgl_history.stat import Stat
from tgl_history.text import codec_named, decode, split_message
from tgl_protocol import http
from tgl_protocol.commits import Commit

_SPACE = b" \t\n\r"
_DATE = re.compile(rb"[ \t\r]*([0-9]+)(?:[ \t\r]*([+-][0-9]+))?")
_TREE = b"tree "
_PARENT = re.compile(rb"parent ([0-9a-fA-F]{40})\n")
_NO_IDENT = ("", "", None)


def parents_of(raw: bytes) -> list[str]:
    """The parents written in the object itself, whatever grafts or a shallow clone pretend."""
    parents = []
    at = raw.find(b"\n") + 1
    while line := _PARENT.match(raw, at):
        parents.append(line[1].decode().lower())
        at = line.end()
    return parents


def tree_of(raw: bytes) -> str:
    """The id of the commit's tree."""
    return raw[len(_TREE) : raw.find(b"\n")].decode("ascii", "replace")


def commit_date_of(raw: bytes) -> datetime:
    """The commit date; 1970 where git reads none."""
    _, committer, codec = _header_fields(raw.partition(b"\n\n")[0])
    return _ident(committer, codec)[2] or EPOCH


def title_of(raw: bytes) -> str:
    """The first line of the message."""
    header, _, message = raw.partition(b"\0")[0].partition(b"\n\n")
    return split_message(decode(message, _header_fields(header)[2]))[0][: http.MAX_TITLE_LENGTH]


def parse_commit(sha: bytes, raw: bytes, parents: list[str], stat: Stat) -> Commit:
    """The commit, cut to the contract's limits; nothing that a repository can hold makes this fail."""
    header, _, message = raw.partition(b"\0")[0].partition(b"\n\n")
    author, committer, codec = _header_fields(header)
    author_name, author_email, author_date = _ident(author, codec)
    committer_name, committer_email, commit_date = _ident(committer, codec)
    title, body = split_message(decode(message, codec))
    has_generated = stat.generated_additions or stat.generated_deletions
    return Commit(
        sha=sha.hex(),
        author_name=author_name,
        author_email=author_email,
        committer_name=committer_name,
        committer_email=committer_email,
        commit_date=commit_date or EPOCH,
        message_title=title[: http.MAX_TITLE_LENGTH],
        additions=min(stat.additions, http.MAX_INT),
        deletions=min(stat.deletions, http.MAX_INT),
        files_changed=min(stat.files_changed, http.MAX_INT),
        is_merge=len(parents) > 1,
        parent_count=len(parents),
        message_body=body[: http.MAX_BODY_LENGTH] or None,
        author_date=author_date,
        parents=parents if len(parents) <= http.MAX_PARENTS else None,
        generated_additions=min(stat.generated_additions, http.MAX_INT) if has_generated else UNSET,
        generated_deletions=min(stat.generated_deletions, http.MAX_INT) if has_generated else UNSET,
        generated_rules=stat.generated_by if has_generated else UNSET,
    )


def _header_fields(header: bytes) -> tuple[bytes, bytes, str]:
    """The author's and the committer's line, and the codec of all text."""
    author = committer = encoding = b""
    for line in header.split(b"\n"):
        if line.startswith(b"author "):
            author = line[7:]
        elif line.startswith(b"committer "):
            committer = line[10:]
        elif line.startswith(b"encoding ") and not encoding:
            encoding = line[9:]
    return author, committer, codec_named(encoding or b"utf-8")


def _ident(line: bytes, codec: str) -> tuple[str, str, datetime | None]:
    """Name, address and date of a person's line; the date is None where git reads none."""
    opening = line.find(b"<")
    closing = line.find(b">", opening + 1)
    if opening < 0 or closing < 0:
        return _NO_IDENT
    name = decode(line[:opening].rstrip(_SPACE), codec)[: http.MAX_NAME_LENGTH]
    email = decode(line[opening + 1 : closing], codec)[: http.MAX_EMAIL_LENGTH]
    # The date follows the last bracket: an address may hold some of its own.
    date = _DATE.match(line, line.rfind(b">") + 1)
    return name, email, instant(date[1], date[2] or b"") if date else None
