"""From a request body to rows for COPY.

A good batch is decoded by msgspec in one go and never looked at twice. Only a refused one is taken apart, commit by
commit, to give the reason for every bad one. Pure: no I/O, no clock.
"""

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from tgl_protocol.commits import Commit, PushBatch
from tgl_protocol.http import JSON_MEDIA_TYPE, MAX_CLIENT_VERSION_LENGTH, MAX_COMMITS_PER_BATCH, MSGPACK_MEDIA_TYPE
from tgl_protocol.problem import FieldError
from tgl_server.errors import InvalidBody
from tgl_server.ingest.encode import BadCommit, encode_rows

_TEXTS = ("author_name", "author_email", "committer_name", "committer_email", "message_title", "message_body")
_DECODERS: dict[str, Callable[[bytes], PushBatch]] = {
    JSON_MEDIA_TYPE: msgspec.json.Decoder(PushBatch).decode,
    MSGPACK_MEDIA_TYPE: msgspec.msgpack.Decoder(PushBatch).decode,
}
_line_decoder = msgspec.json.Decoder(Commit)
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, BadCommit)


class PreparedBatch(Struct, frozen=True):
    """`rows` are the distinct valid commits, encoded, by sha; `shas` all in the order sent; `bad` the invalid by index.

    The texts in `shas` are in lower case.
    """

    rows: dict[bytes, bytes]
    shas: list[str]
    bad: dict[int, FieldError]
    client_version: str | None


def prepare_batch(repo_id: UUID, body: bytes, media_type: str = JSON_MEDIA_TYPE) -> PreparedBatch:
    """Rows and the reasons for what is invalid; raises `InvalidBody` for what is no batch at all."""
    try:
        batch = _DECODERS[media_type](body)
        _check_client_version(batch.client_version)
        return _prepare(repo_id, batch.commits, batch.client_version)
    except _UNDECODABLE:
        pass
    document = _parse(body, media_type)
    return _examine(repo_id, document["commits"], document.get("client_version"))


def prepare_lines(repo_id: UUID, lines: list[bytes], client_version: str | None) -> PreparedBatch:
    """The same for commits that come one a line; a line that is no JSON is one more bad commit."""
    try:
        commits = _line_decoder.decode_lines(b"\n".join(lines))
        if len(commits) == len(lines):
            return _prepare(repo_id, commits, client_version)
    except _UNDECODABLE:
        pass
    return _examine(repo_id, [_parse_line(line) for line in lines], client_version)


def _prepare(repo_id: UUID, commits: list[Commit], client_version: str | None) -> PreparedBatch:
    return PreparedBatch(encode_rows(repo_id, commits), [commit.sha.lower() for commit in commits], {}, client_version)


def _examine(repo_id: UUID, items: list[Any], client_version: str | None) -> PreparedBatch:
    """The slow path: every commit on its own."""
    rows: dict[bytes, bytes] = {}
    bad: dict[int, FieldError] = {}
    for index, item in enumerate(items):
        try:
            for sha, row in encode_rows(repo_id, [_examine_commit(item)]).items():
                rows.setdefault(sha, row)
        except (msgspec.ValidationError, UnicodeEncodeError, RecursionError, BadCommit) as error:
            bad[index] = _field_error(index, item, error)
    return PreparedBatch(rows, [_sent_sha(item) for item in items], bad, client_version)


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
        return BadCommit("", f"This line is not valid JSON: {_one_line(error)}")


def _parse(body: bytes, media_type: str) -> dict[str, Any]:
    load, name = (_loads, "JSON") if media_type == JSON_MEDIA_TYPE else (msgspec.msgpack.decode, "MessagePack")
    try:
        batch = load(body)
    except (ValueError, RecursionError) as error:
        raise InvalidBody(f"The body is not valid {name}: {_one_line(error)}") from None
    if not isinstance(batch, dict):
        raise InvalidBody("The body must be an object with `commits`.")
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


def _examine_commit(item: Any) -> Commit:
    if isinstance(item, BadCommit):
        raise item
    commit = msgspec.convert(item, Commit)
    for field in _TEXTS:
        _check_text(getattr(commit, field), field)
    return commit


def _check_text(text: str | None, field: str) -> None:
    if text is None or _is_storable(text):
        return
    what = "the character U+0000, which PostgreSQL cannot store" if "\x00" in text else "a lone UTF-16 surrogate"
    raise BadCommit(field, f"Contains {what}")


def _is_storable(text: str) -> bool:
    return "\x00" not in text and not _SURROGATE.search(text)


_SURROGATE = re.compile("[\ud800-\udfff]")
# msgspec ends its message with the path of the value, and quotes a missing field.
_PATH = re.compile(r"^(?P<message>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<field>\w+)`")


def _field_error(index: int, item: Any, error: Exception) -> FieldError:
    sha = _sent_sha(item) or None
    if isinstance(error, BadCommit):
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
