"""A large batch split into its commits, which are counted before any of them becomes a Python object.

32 MiB can hold 30 million empty values, and as dictionaries these are gigabytes; msgspec skips over them at no cost.
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct, defstruct

from tgl_protocol.http import JSON_MEDIA_TYPE, MAX_COMMITS_PER_BATCH
from tgl_protocol.problem import FieldError
from tgl_server.errors import InvalidBody
from tgl_server.ingest.encode import BadCommit

# A commit's texts at their limits, every character an escape of twelve bytes, are 0.8 MB.
MAX_COMMIT_BYTES = 1024 * 1024
_MAX_VERSION_BYTES = 1024

_EMPTY = Raw(b"")


class _Envelope(Struct, frozen=True):
    commits: Raw = _EMPTY
    client_version: Raw = _EMPTY


# As many places as a batch may have commits: msgspec stops at the first element that has none. It would check the
# length limit of a list only when all elements are decoded.
_Places: Any = defstruct(
    "_Places",
    [(f"place_{n}", Raw, _EMPTY) for n in range(MAX_COMMITS_PER_BATCH)],
    array_like=True,
    forbid_unknown_fields=True,
)


class Elements(Struct, frozen=True):
    """A batch in pieces: each commit as it was sent, and whatever was sent as the client's version."""

    commits: list[Raw]
    client_version: Any
    media_type: str

    def decoded(self) -> Iterator[Any]:
        """The commits as plain values, one after the other, with a `BadCommit` for one that is too large to decode.

        Raises `InvalidBody` for what is no JSON or MessagePack.
        """
        for raw in self.commits:
            if len(bytes(raw)) > MAX_COMMIT_BYTES:
                yield BadCommit("", f"A commit can have {MAX_COMMIT_BYTES} bytes at the most")
            else:
                yield _load(raw, self.media_type)


def take_apart(body: bytes, media_type: str) -> Elements:
    """The pieces of a batch; raises `InvalidBody` for what is no batch, or holds too many commits."""
    decode = msgspec.json.decode if media_type == JSON_MEDIA_TYPE else msgspec.msgpack.decode
    try:
        envelope = decode(body, type=_Envelope)
    except msgspec.ValidationError:
        raise InvalidBody("The body must be an object with `commits`.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(media_type, error) from None
    try:
        places = decode(envelope.commits, type=_Places) if envelope.commits != _EMPTY else None
    except msgspec.ValidationError as error:
        # The places are a list's: all that can be wrong with a list is that it has more elements.
        raise bad_count("got no list of commits" if ", got `" in str(error) else "got more") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(media_type, error) from None
    commits = [raw for raw in msgspec.structs.astuple(places) if raw != _EMPTY] if places is not None else []
    if not commits:
        raise bad_count("got none")
    return Elements(commits, _version(envelope.client_version, media_type), media_type)


def load_json(text: bytes) -> Any:
    """JSON as plain values. The standard library also reads lone surrogates, so that the commit with one can be named.

    Python refuses to read integers of thousands of digits; their first forty are just as far out of range.
    """
    return json.loads(text.decode("utf-8"), parse_int=lambda digits: int(digits[:40]), parse_constant=_refuse_constant)


def bad_count(found: str) -> InvalidBody:
    """The refusal of a batch that is empty, or has more commits than a batch may hold."""
    message = f"Expected 1 to {MAX_COMMITS_PER_BATCH} commits, {found}"
    return InvalidBody(f"{message}.", [FieldError(message, field="commits")])


def _refuse_constant(name: str) -> None:
    """Refuse NaN and Infinity: Python reads them, and JSON has neither."""
    raise ValueError(f"{name} is not JSON")


def _load(raw: Raw, media_type: str) -> Any:
    try:
        return load_json(bytes(raw)) if media_type == JSON_MEDIA_TYPE else msgspec.msgpack.decode(raw)
    except (ValueError, RecursionError) as error:
        raise _unreadable(media_type, error) from None


def _version(raw: Raw, media_type: str) -> Any:
    """The client's version, or None; False, which fails its check, for what is too long to be one."""
    if raw == _EMPTY:
        return None
    return _load(raw, media_type) if len(bytes(raw)) <= _MAX_VERSION_BYTES else False


def _unreadable(media_type: str, error: Exception) -> InvalidBody:
    name = "JSON" if media_type == JSON_MEDIA_TYPE else "MessagePack"
    return InvalidBody(f"The body is not valid {name}: {error}")
