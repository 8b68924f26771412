"""Commits as rows of `commits` in PostgreSQL's binary COPY format, made from what msgspec decoded.

The driver would encode tuples of Python values one value at a time. Here the values of fixed length are packed at
once, and a text that occurred before in the batch, as most names and addresses did, is not encoded again. The format:
https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from struct import Struct
from uuid import UUID

from msgspec import UNSET

from tgl_protocol.commits import Commit

#: The columns of a row, in its order.
COLUMNS = (
    "repo_id",
    "sha",
    "author_date",
    "commit_date",
    "additions",
    "deletions",
    "files_changed",
    "is_merge",
    "parent_count",
    "author_name",
    "author_email",
    "committer_name",
    "committer_email",
    "message_title",
    "message_body",
    "parents",
    "generated_additions",
    "generated_deletions",
    "generated_rules",
)

SHA_BYTES = 20
_LENGTH = Struct("!i").pack
_NULL = _LENGTH(-1)
_NO_GENERATED = 3 * _NULL
_TWO_COUNTS = Struct("!iiii").pack
# The values of fixed length, each behind its length: the columns' number, repo_id and sha's length come in one piece.
_HEAD = Struct("!h i16s i").pack
_FIXED = Struct("!26s 20s iq iq ii ii ii i? ii").pack
# An array's length in bytes, dimensions, whether it has nulls, the type of its elements, their number and first index.
_ARRAY = Struct("!iiiiii").pack
_EMPTY_ARRAY = Struct("!iiii").pack(12, 0, 0, 17)
_BYTEA_OID = 17
_ONE_SHA = _LENGTH(SHA_BYTES)
_ONE_PARENT = _ARRAY(44, 1, 0, _BYTEA_OID, 1, 1) + _ONE_SHA

# PostgreSQL counts from here.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DAY_SECONDS = 86_400


class BadCommit(ValueError):
    """A commit breaks a rule that no type can state; `field` says where."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class _Encoded(dict[str, bytes]):
    """Texts with their length in front, each encoded once."""

    def __init__(self, change: Callable[[str], str] = str) -> None:
        self._change = change

    def __missing__(self, text: str) -> bytes:
        encoded = self[text] = _encode(self._change(text))
        return encoded


def encode_rows(repo_id: UUID, commits: Iterable[Commit]) -> dict[bytes, bytes]:
    """The rows of commits, by sha; the first commit with a sha counts. Raises `BadCommit` or `UnicodeEncodeError`."""
    head, texts, emails = _HEAD(len(COLUMNS), 16, repo_id.bytes, SHA_BYTES), _Encoded(), _Encoded(str.lower)
    rows: dict[bytes, bytes] = {}
    for commit in commits:
        sha = decode_sha(commit.sha)
        if sha not in rows:
            rows[sha] = _row(head, sha, commit, texts, emails)
    return rows


def _row(head: bytes, sha: bytes, commit: Commit, texts: _Encoded, emails: _Encoded) -> bytes:
    committed = _microseconds(commit.commit_date, "commit_date")
    authored = committed if commit.author_date is None else _microseconds(commit.author_date, "author_date")
    lines = 4, commit.additions, 4, commit.deletions, 4, commit.files_changed
    parents = _parent_count(commit) if commit.parent_count is None else commit.parent_count
    is_merge = parents > 1 if commit.is_merge is None else commit.is_merge
    return b"".join(
        (
            _FIXED(head, sha, 8, authored, 8, committed, *lines, 1, is_merge, 4, parents),
            texts[commit.author_name],
            emails[commit.author_email],
            texts[commit.committer_name],
            emails[commit.committer_email],
            _encode(commit.message_title),
            _NULL if commit.message_body is None else _encode(commit.message_body),
            _NULL if commit.parents is None else _encode_parents(commit.parents),
            _NO_GENERATED if commit.generated_rules is UNSET else _generated(commit, commit.generated_rules, texts),
        )
    )


def _generated(commit: Commit, rules: str, texts: _Encoded) -> bytes:
    added = 0 if commit.generated_additions is UNSET else commit.generated_additions
    deleted = 0 if commit.generated_deletions is UNSET else commit.generated_deletions
    return _TWO_COUNTS(4, added, 4, deleted) + texts[rules]


def _parent_count(commit: Commit) -> int:
    """The number of parents of a commit that does not say it."""
    if commit.parents is None:
        raise BadCommit("parent_count", "This field is required where `parents` is left out")
    return len(commit.parents)


def decode_sha(text: str, field: str = "sha") -> bytes:
    """Forty hexadecimal digits as bytes; raises `BadCommit`."""
    try:
        sha = bytes.fromhex(text)
    except ValueError:
        sha = b""
    if len(sha) != SHA_BYTES:  # `fromhex` skips spaces
        raise BadCommit(field, "Expected 40 hexadecimal digits")
    return sha


def split_shas(joined: bytes) -> list[bytes]:
    """Shas that the database sent as one value, 20 bytes each."""
    return [joined[start : start + SHA_BYTES] for start in range(0, len(joined), SHA_BYTES)]


def _encode(text: str) -> bytes:
    data = text.encode()
    if b"\x00" in data:
        raise BadCommit("", "Contains the character U+0000, which PostgreSQL cannot store")
    return _LENGTH(len(data)) + data


def _encode_parents(parents: list[str]) -> bytes:
    if len(parents) == 1:
        return _ONE_PARENT + decode_sha(parents[0], "parents")
    if not parents:
        return _EMPTY_ARRAY
    elements = b"".join([_ONE_SHA + decode_sha(parent, "parents") for parent in parents])
    return _ARRAY(20 + len(elements), 1, 0, _BYTEA_OID, len(parents), 1) + elements


def _microseconds(date: datetime, field: str) -> int:
    """Microseconds since PostgreSQL's epoch; a date without a time zone is UTC."""
    since = (date if date.tzinfo else date.replace(tzinfo=UTC)) - _EPOCH
    if not _EARLIEST_DAY <= since.days <= _LATEST_DAY:
        raise BadCommit(field, "In UTC this date is outside of the years 1 to 9999")
    return (since.days * _DAY_SECONDS + since.seconds) * 1_000_000 + since.microseconds


_EARLIEST_DAY = (datetime.min.replace(tzinfo=UTC) - _EPOCH).days
_LATEST_DAY = (datetime.max.replace(tzinfo=UTC) - _EPOCH).days
