"""Decoding: from a request body to rows for COPY.

A good batch is decoded by msgspec in one go and never looked at twice. Only a refused one is taken apart, commit by
commit, to give the reason for every bad one. Pure: no I/O, no clock.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from tgl_protocol.commits import Commit, PushBatch
from tgl_protocol.http import JSON_MEDIA_TYPE, MAX_CLIENT_VERSION_LENGTH, MAX_COMMITS_PER_BATCH, MSGPACK_MEDIA_TYPE
from tgl_protocol.problem import FieldError
from tgl_protocol.visible import is_visible
from tgl_server.errors import InvalidBody
from tgl_server.http.plain_words import field_error
from tgl_server.http.text_rules import is_storable
from tgl_server.ingest.elements import bad_count, load_json, take_apart
from tgl_server.ingest.encode import BadCommit, encode_rows

_TEXTS = ("author_name", "author_email", "committer_name", "committer_email", "message_title", "message_body")
_DECODERS: dict[str, Callable[[bytes], PushBatch]] = {
    JSON_MEDIA_TYPE: msgspec.json.Decoder(PushBatch).decode,
    MSGPACK_MEDIA_TYPE: msgspec.msgpack.Decoder(PushBatch).decode,
}
_line_decoder = msgspec.json.Decoder(Commit)
# The largest JSON body that is decoded to plain values in one go: they take about 25 times as much memory.
_LARGE_BYTES = 2 * 1024 * 1024
# msgspec does not wrap UnicodeDecodeError in an error of its own (msgspec/msgspec#714).
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, BadCommit)


class PreparedBatch(Struct, frozen=True):
    """A batch ready to store: `rows` are the distinct valid commits, encoded, by sha.

    `shas` are all that were sent, in that order and in lower case; `bad` has the reason for each invalid one, by index.
    """

    rows: dict[bytes, bytes]
    shas: list[str]
    bad: dict[int, FieldError]
    client_version: str | None


def prepare_batch(repo_id: UUID, body: bytes, media_type: str = JSON_MEDIA_TYPE) -> PreparedBatch:
    """The rows of a batch and the reasons for what is invalid; raises `InvalidBody` for what is no batch at all."""
    if len(body) > _LARGE_BYTES:
        take_apart(body, media_type)  # raises for too many commits, before they are objects
    try:
        batch = _DECODERS[media_type](body)
        _check_client_version(batch.client_version)
        return _prepare(repo_id, batch.commits, batch.client_version)
    except _UNDECODABLE:
        pass
    if media_type == JSON_MEDIA_TYPE and len(body) <= _LARGE_BYTES:
        document = _parse(body)
        return _examine(repo_id, document["commits"], document.get("client_version"))
    elements = take_apart(body, media_type)
    _check_client_version(elements.client_version)
    return _examine(repo_id, elements.decoded(), elements.client_version)


def prepare_commits(repo_id: UUID, commits: Sequence[Commit], client_version: str | None) -> PreparedBatch:
    """Rows of commits that were never a request body, by the same rules: a Struct made in Python is not validated."""
    try:
        body = msgspec.msgpack.encode(PushBatch(list(commits), client_version))
    except UnicodeEncodeError:  # half of a surrogate pair, which no body can hold
        return _examine(repo_id, map(msgspec.to_builtins, commits), client_version)
    return prepare_batch(repo_id, body, MSGPACK_MEDIA_TYPE)


def prepare_lines(repo_id: UUID, lines: list[bytes], client_version: str | None) -> PreparedBatch:
    """Rows of commits that come one per line; a line that is no JSON is one more bad commit."""
    try:
        commits = _line_decoder.decode_lines(b"\n".join(lines))
        if len(commits) == len(lines):
            return _prepare(repo_id, commits, client_version)
    except _UNDECODABLE:
        pass
    return _examine(repo_id, map(_parse_line, lines), client_version)


def _prepare(repo_id: UUID, commits: list[Commit], client_version: str | None) -> PreparedBatch:
    return PreparedBatch(encode_rows(repo_id, commits), [commit.sha.lower() for commit in commits], {}, client_version)


def _examine(repo_id: UUID, items: Iterable[Any], client_version: str | None) -> PreparedBatch:
    """The slow path: examine every commit on its own, and keep none of them in memory."""
    rows: dict[bytes, bytes] = {}
    shas: list[str] = []
    bad: dict[int, FieldError] = {}
    for index, item in enumerate(items):
        shas.append(_sent_sha(item))
        try:
            for sha, row in encode_rows(repo_id, [_examine_commit(item)]).items():
                rows.setdefault(sha, row)
        except (msgspec.ValidationError, UnicodeEncodeError, RecursionError, BadCommit) as error:
            bad[index] = _field_error(index, item, error)
    return PreparedBatch(rows, shas, bad, client_version)


def _parse_line(line: bytes) -> Any:
    try:
        return load_json(line)
    except (ValueError, RecursionError) as error:
        return BadCommit("", f"This line is not valid JSON: {_one_line(error)}")


def _parse(body: bytes) -> dict[str, Any]:
    """A small body of JSON as plain values."""
    try:
        batch = load_json(body)
    except (ValueError, RecursionError) as error:
        raise InvalidBody(f"The body is not valid JSON: {_one_line(error)}") from None
    if not isinstance(batch, dict):
        raise InvalidBody("The body must be an object with `commits`.")
    commits = batch.get("commits")
    if not isinstance(commits, list):
        raise bad_count("got no list of commits")
    if not 1 <= len(commits) <= MAX_COMMITS_PER_BATCH:
        raise bad_count(f"got {len(commits)} commits")
    _check_client_version(batch.get("client_version"))
    return batch


def _check_client_version(version: Any) -> None:
    if version is None:
        return
    if not isinstance(version, str) or len(version) > MAX_CLIENT_VERSION_LENGTH or not all(map(is_visible, version)):
        message = f"Expected text of at most {MAX_CLIENT_VERSION_LENGTH} characters, without control characters"
        raise InvalidBody("`client_version` does not validate.", [FieldError(message, field="client_version")])


def _examine_commit(item: Any) -> Commit:
    if isinstance(item, BadCommit):
        raise item
    commit = msgspec.convert(item, Commit)
    for field in _TEXTS:
        _check_text(getattr(commit, field), field)
    return commit


def _check_text(text: str | None, field: str) -> None:
    if text is None or is_storable(text):
        return
    what = "the character U+0000, which PostgreSQL cannot store" if "\x00" in text else "a lone UTF-16 surrogate"
    raise BadCommit(field, f"Contains {what}")


def _field_error(index: int, item: Any, error: Exception) -> FieldError:
    sha = _sent_sha(item) or None
    if isinstance(error, BadCommit):
        return FieldError(str(error), index, sha, error.field or None)
    if not isinstance(error, msgspec.ValidationError):
        what = "a lone UTF-16 surrogate" if isinstance(error, UnicodeEncodeError) else "values nested too deeply"
        return FieldError(f"Contains {what}", index, sha, _unstorable_field(item))
    return field_error(error, Commit, index, sha)


def _unstorable_field(item: Any) -> str | None:
    """The field whose text PostgreSQL cannot hold."""
    fields = item.items() if isinstance(item, dict) else ()
    return next((name for name, value in fields if isinstance(value, str) and not is_storable(value)), None)


def _sent_sha(item: Any) -> str:
    """The sha as the client sent it, fit to be sent back: cut, and without what JSON cannot carry."""
    sha = item.get("sha") if isinstance(item, dict) else None
    return sha[:64].lower().encode("utf-8", "replace").decode() if isinstance(sha, str) else ""


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300]


def bad_in_order(bad: dict[int, FieldError]) -> list[FieldError]:
    """The reasons for invalid commits in the order sent."""
    return [bad[index] for index in sorted(bad)]
