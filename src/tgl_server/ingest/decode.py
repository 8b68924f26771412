"""From a request body to rows for COPY.

A good batch is decoded by msgspec in one go and never looked at twice. Only a refused one is taken apart, commit by
commit, to give the reason for every bad one. Pure: no I/O, no clock.
"""

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from tgl_protocol.commits import Commit, PushBatch
from tgl_protocol.http import MAX_CLIENT_VERSION_LENGTH, MAX_COMMITS_PER_BATCH
from tgl_protocol.problem import FieldError
from tgl_server.errors import InvalidBody

Row = tuple[Any, ...]

#: Of the rows of `PreparedBatch`, in order.
COLUMNS = (
    "sha",
    "author_name",
    "author_email",
    "committer_name",
    "committer_email",
    "author_date",
    "commit_date",
    "message_title",
    "message_body",
    "additions",
    "deletions",
    "files_changed",
    "is_merge",
    "parent_count",
    "parents",
)

_TEXTS = ("author_name", "author_email", "committer_name", "committer_email", "message_title", "message_body")
_decoder = msgspec.json.Decoder(PushBatch)
# In JSON a NUL can only come from this escape; PostgreSQL refuses it.
_NUL = b"\\u0000"
_line_decoder = msgspec.json.Decoder(Commit)


class PreparedBatch(Struct, frozen=True):
    """`rows` are the distinct valid commits; `shas` all commits in the order sent; `bad` the invalid by index."""

    rows: list[Row]
    shas: list[str]
    bad: dict[int, FieldError]
    client_version: str | None


class _BadCommit(ValueError):
    """A rule that no type can state is broken; `field` says where."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


def prepare_batch(body: bytes) -> PreparedBatch:
    """Rows and the reasons for what is invalid; raises `InvalidBody` for what is no batch at all."""
    try:
        batch = _decoder.decode(body)
        if _NUL not in body:
            return _prepare(batch.commits, batch.client_version)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, _BadCommit):
        pass
    document = _parse(body)
    return _examine(document["commits"], document.get("client_version"))


def prepare_lines(lines: list[bytes], client_version: str | None) -> PreparedBatch:
    """The same for commits that come one a line; a line that is no JSON is one more bad commit."""
    try:
        text = b"\n".join(lines)
        commits = _line_decoder.decode_lines(text)
        if _NUL not in text and len(commits) == len(lines):
            return _prepare(commits, client_version)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, _BadCommit):
        pass
    return _examine([_parse_line(line) for line in lines], client_version)


def _prepare(commits: list[Commit], client_version: str | None) -> PreparedBatch:
    rows: dict[bytes, Row] = {}
    for commit in commits:
        row = commit_row(commit)
        rows.setdefault(row[0], row)
    return PreparedBatch(list(rows.values()), [commit.sha.lower() for commit in commits], {}, client_version)


def commit_row(commit: Commit) -> Row:
    """One row in the order of `COLUMNS`; raises `_BadCommit`."""
    committed = _utc(commit.commit_date, "commit_date")
    return (
        _sha(commit.sha, "sha"),
        commit.author_name,
        commit.author_email.lower(),
        commit.committer_name,
        commit.committer_email.lower(),
        committed if commit.author_date is None else _utc(commit.author_date, "author_date"),
        committed,
        commit.message_title,
        commit.message_body,
        commit.additions,
        commit.deletions,
        commit.files_changed,
        commit.is_merge,
        commit.parent_count,
        None if commit.parents is None else [_sha(parent, "parents") for parent in commit.parents],
    )


def _sha(text: str, field: str) -> bytes:
    try:
        sha = bytes.fromhex(text)
    except ValueError:
        sha = b""
    if len(sha) != 20:  # `fromhex` skips spaces
        raise _BadCommit(field, "Expected 40 hexadecimal digits")
    return sha


def _utc(date: datetime, field: str) -> datetime:
    """A date without a zone is UTC."""
    if date.tzinfo is None:
        return date.replace(tzinfo=UTC)
    try:
        return date.astimezone(UTC)
    except OverflowError:
        raise _BadCommit(field, "In UTC this date is outside of the years 1 to 9999") from None


def _examine(items: list[Any], client_version: str | None) -> PreparedBatch:
    """The slow path: every commit on its own."""
    rows: dict[bytes, Row] = {}
    bad: dict[int, FieldError] = {}
    for index, item in enumerate(items):
        try:
            row = _examine_commit(item)
            rows.setdefault(row[0], row)
        except (msgspec.ValidationError, UnicodeEncodeError, RecursionError, _BadCommit) as error:
            bad[index] = _field_error(index, item, error)
    return PreparedBatch(list(rows.values()), [_sent_sha(item) for item in items], bad, client_version)


def _loads(text: bytes) -> Any:
    """The standard library's parser also reads lone surrogates, so that the commit that has one can be named.

    Python refuses to read integers of thousands of digits; their first forty are as far out of range.
    """
    return json.loads(text.decode("utf-8"), parse_int=lambda digits: int(digits[:40]), parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    """Python reads NaN and Infinity; JSON has neither."""
    raise ValueError(f"{name} is not JSON")


def _parse_line(line: bytes) -> Any:
    try:
        return _loads(line)
    except (ValueError, RecursionError) as error:
        return _BadCommit("", f"This line is not valid JSON: {_one_line(error)}")


def _parse(body: bytes) -> dict[str, Any]:
    try:
        batch = _loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidBody(f"The body is not valid JSON: {_one_line(error)}") from None
    if not isinstance(batch, dict):
        raise InvalidBody("The body must be a JSON object with `commits`.")
    _check_commits(batch.get("commits"))
    _check_client_version(batch.get("client_version"))
    return batch


def _check_commits(commits: Any) -> None:
    if not isinstance(commits, list) or not 1 <= len(commits) <= MAX_COMMITS_PER_BATCH:
        found = f"{len(commits)} commits" if isinstance(commits, list) else "no list of commits"
        message = f"Expected 1 to {MAX_COMMITS_PER_BATCH} commits, got {found}"
        raise InvalidBody(f"{message}.", [FieldError(message, field="commits")])


def _check_client_version(version: Any) -> None:
    if version is None:
        return
    if not isinstance(version, str) or len(version) > MAX_CLIENT_VERSION_LENGTH or not _is_storable(version):
        message = f"Expected text of at most {MAX_CLIENT_VERSION_LENGTH} characters, without NUL"
        raise InvalidBody("`client_version` does not validate.", [FieldError(message, field="client_version")])


def _examine_commit(item: Any) -> Row:
    if isinstance(item, _BadCommit):
        raise item
    commit = msgspec.convert(item, Commit)
    for field in _TEXTS:
        _check_text(getattr(commit, field), field)
    return commit_row(commit)


def _check_text(text: str | None, field: str) -> None:
    if text is None or _is_storable(text):
        return
    what = "the character U+0000, which PostgreSQL cannot store" if "\x00" in text else "a lone UTF-16 surrogate"
    raise _BadCommit(field, f"Contains {what}")


def _is_storable(text: str) -> bool:
    return "\x00" not in text and not _SURROGATE.search(text)


_SURROGATE = re.compile("[\ud800-\udfff]")
# msgspec ends its message with the path of the value, and quotes a missing field.
_PATH = re.compile(r"^(?P<message>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<field>\w+)`")


def _field_error(index: int, item: Any, error: Exception) -> FieldError:
    sha = _sent_sha(item) or None
    if isinstance(error, _BadCommit):
        return FieldError(str(error), index, sha, error.field or None)
    if not isinstance(error, msgspec.ValidationError):
        what = "a lone UTF-16 surrogate" if isinstance(error, UnicodeEncodeError) else "values nested too deeply"
        return FieldError(f"Contains {what}", index, sha)
    match = _PATH.match(str(error))
    assert match is not None
    missing = _MISSING.search(match["message"])
    return FieldError(_one_line(match["message"]), index, sha, missing["field"] if missing else match["path"] or None)


def _sent_sha(item: Any) -> str:
    """What the client called the commit, fit to be answered: cut, and without what JSON cannot carry."""
    sha = item.get("sha") if isinstance(item, dict) else None
    return sha[:64].lower().encode("utf-8", "replace").decode() if isinstance(sha, str) else ""


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300]


def bad_in_order(bad: dict[int, FieldError]) -> list[FieldError]:
    """The reasons in the order sent."""
    return [bad[index] for index in sorted(bad)]


def decode_shas(shas: Iterable[str], fail: Callable[[int, str], Exception]) -> list[bytes]:
    """Distinct shas as bytes, in the order given; raises what `fail(index, sha)` makes for the first bad one."""
    found: dict[bytes, None] = {}
    for index, sha in enumerate(shas):
        try:
            found[_sha(sha, "sha")] = None
        except _BadCommit:
            raise fail(index, sha) from None
    return list(found)
