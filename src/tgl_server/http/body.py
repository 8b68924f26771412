"""Reading a request body: after authentication, capped while it streams in, before and after decompression."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec
from litestar import Request
from msgspec import UNSET, Struct

from tgl_protocol.http import JSON_MEDIA_TYPE, MSGPACK_MEDIA_TYPE
from tgl_server.errors import BodyTooLarge, InvalidBody, UnsupportedMediaType
from tgl_server.http.body_budget import BodyBudget, BodyRoom
from tgl_server.http.decompression import expansion
from tgl_server.http.plain_words import field_error

T = TypeVar("T")
# The size assumed for a body that does not say its length: about that of our client's batches.
_UNKNOWN_BYTES = 1024 * 1024
_USUAL_EXPANSION = 4
AnyRequest = Request[Any, Any, Any]


class Body(Struct, frozen=True):
    """A body as bytes, with its media type."""

    content: bytes
    media_type: str


def media_type_of(request: AnyRequest, default: str = JSON_MEDIA_TYPE) -> str:
    """The media type of the request's body, in lower case and without parameters; the default where it names none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() or default


@asynccontextmanager
async def large_body(request: AnyRequest, max_bytes: int, budget: BodyBudget) -> AsyncIterator[Body]:
    """A body of JSON or MessagePack, which counts against the budget while the block runs.

    Raises 413, 415, 422 or 503 errors.
    """
    media_type = media_type_of(request)
    if media_type not in (JSON_MEDIA_TYPE, MSGPACK_MEDIA_TYPE):
        raise UnsupportedMediaType(f"Send the body as {JSON_MEDIA_TYPE} or {MSGPACK_MEDIA_TYPE}.")
    async with budget.room(min(_expected_bytes(request), max_bytes)) as room:
        yield Body(await _read(request, max_bytes, room), media_type)


@asynccontextmanager
async def large_struct(request: AnyRequest, type_: type[T], max_bytes: int, budget: BodyBudget) -> AsyncIterator[T]:
    """A body as a Struct, which counts against the budget while the block runs."""
    async with large_body(request, max_bytes, budget) as body:
        yield decode_struct(body.content, type_, body.media_type)


def _expected_bytes(request: AnyRequest) -> int:
    """The body's size to expect after decompression; one without a length, or very compressible, may need more."""
    length = request.content_length or _UNKNOWN_BYTES
    return length * _USUAL_EXPANSION if request.headers.get("content-encoding") else length


@asynccontextmanager
async def raw_body(
    request: AnyRequest, max_bytes: int, budget: BodyBudget, see: Callable[[bytes], None]
) -> AsyncIterator[bytes]:
    """A body as it was sent, which counts against the budget while the block runs; `see` is given each piece first.

    Raises 413 or 503 errors.
    """
    too_large = BodyTooLarge(f"The request body is larger than {max_bytes} bytes.")
    if (request.content_length or 0) > max_bytes:
        raise too_large
    async with budget.room(min(request.content_length or _UNKNOWN_BYTES, max_bytes)) as room:
        body = bytearray()
        async for chunk in request.stream():
            if len(body) + len(chunk) > max_bytes:
                raise too_large
            see(chunk)
            body += chunk
            await room.grow_to(len(body))
        yield bytes(body)


async def read_json(request: AnyRequest, max_bytes: int) -> bytes:
    """A body of JSON; raises 413, 415 or 422 errors."""
    if media_type_of(request) != JSON_MEDIA_TYPE:
        raise UnsupportedMediaType
    return await _read(request, max_bytes)


async def read_capped(request: AnyRequest, max_bytes: int) -> bytes:
    """A body of any media type; raises 413 or 415 errors."""
    return await _read(request, max_bytes)


async def _read(request: AnyRequest, max_bytes: int, room: BodyRoom | None = None) -> bytes:
    """The decompressed body; raises `BodyTooLarge` once it has more than `max_bytes`, compressed or not."""
    expansion_ = expansion(request.headers.get("content-encoding", "").strip().lower())
    if (request.content_length or 0) > max_bytes:
        raise _too_large(max_bytes)
    body, received = bytearray(), 0
    async for chunk in request.stream():
        received += len(chunk)
        for piece in expansion_.expand(chunk):
            body += piece
            if max(len(body), received) > max_bytes:
                raise _too_large(max_bytes)
            if room is not None:
                await room.grow_to(len(body))
    expansion_.finish()
    return bytes(body)


async def read_stream(request: AnyRequest, media_type: str) -> AsyncIterator[bytes]:
    """A body of any length as it arrives, decompressed, in pieces; raises 415 or 422 errors."""
    if media_type_of(request, media_type) != media_type:
        raise UnsupportedMediaType(f"Send the stream as {media_type}.")
    encoding = expansion(request.headers.get("content-encoding", "").strip().lower())
    async for chunk in request.stream():
        for piece in encoding.expand(chunk):
            yield piece
    encoding.finish()


def decode_struct(body: bytes, type_: type[T], media_type: str = JSON_MEDIA_TYPE) -> T:
    """A body as a Struct; raises a 422 error with the place of the first fault."""
    is_json = media_type == JSON_MEDIA_TYPE
    try:
        return msgspec.json.decode(body, type=type_) if is_json else msgspec.msgpack.decode(body, type=type_)
    except msgspec.ValidationError as error:
        raise InvalidBody(errors=[field_error(error, type_)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"The body is not valid {'JSON' if is_json else 'MessagePack'}: {error}") from None


def named_fields(body: Struct) -> dict[str, Any]:
    """The fields that a request's body names; the others are UNSET and stay as they are."""
    fields = {name: getattr(body, name) for name in body.__struct_fields__}
    return {name: value for name, value in fields.items() if value is not UNSET}


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The request body is larger than {max_bytes} bytes; send fewer commits in one batch.")
