"""Reading a request body: after authentication, capped while it streams in, before and after decompression."""

from typing import Any, TypeVar

import msgspec
from litestar import Request
from msgspec import Struct

from tgl_protocol.http import JSON_MEDIA_TYPE, MSGPACK_MEDIA_TYPE
from tgl_protocol.problem import FieldError
from tgl_server.decompression import expansion
from tgl_server.errors import BodyTooLarge, InvalidBody, UnsupportedMediaType

T = TypeVar("T")
AnyRequest = Request[Any, Any, Any]


class Body(Struct, frozen=True):
    """A body as bytes, and what they are."""

    content: bytes
    media_type: str


def media_type_of(request: AnyRequest) -> str:
    """Of the request's body, in lower case and without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: AnyRequest, max_bytes: int) -> Body:
    """A body of JSON or MessagePack; raises 413, 415 or 422 errors."""
    media_type = media_type_of(request)
    if media_type not in (JSON_MEDIA_TYPE, MSGPACK_MEDIA_TYPE):
        raise UnsupportedMediaType(f"Send the body as {JSON_MEDIA_TYPE} or {MSGPACK_MEDIA_TYPE}.")
    return Body(await _read(request, max_bytes), media_type)


async def read_json(request: AnyRequest, max_bytes: int) -> bytes:
    """A body of JSON; raises 413, 415 or 422 errors."""
    if media_type_of(request) != JSON_MEDIA_TYPE:
        raise UnsupportedMediaType
    return await _read(request, max_bytes)


async def _read(request: AnyRequest, max_bytes: int) -> bytes:
    """Decompressed; at most `max_bytes` are ever held, compressed or not."""
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
    expansion_.finish()
    return bytes(body)


async def read_struct(request: AnyRequest, type_: type[T], max_bytes: int) -> T:
    """The body as a Struct; raises 422 with the place of the first error."""
    body = await read_body(request, max_bytes)
    return decode_struct(body.content, type_, body.media_type)


def decode_struct(body: bytes, type_: type[T], media_type: str = JSON_MEDIA_TYPE) -> T:
    """A body as a Struct; raises 422 with the place of the first error."""
    is_json = media_type == JSON_MEDIA_TYPE
    try:
        return msgspec.json.decode(body, type=type_) if is_json else msgspec.msgpack.decode(body, type=type_)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        raise InvalidBody(errors=[FieldError(message, field=path.strip("`").removeprefix("$.") or None)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"The body is not valid {'JSON' if is_json else 'MessagePack'}: {error}") from None


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The request body is larger than {max_bytes} bytes; send fewer commits in one batch.")
