"""Reading a request body: after authentication, capped while it streams in, before and after decompression."""

from typing import Any, TypeVar

import msgspec
from litestar import Request

from tgl_protocol.http import JSON_MEDIA_TYPE
from tgl_protocol.problem import FieldError
from tgl_server.decompression import expansion
from tgl_server.errors import BodyTooLarge, InvalidBody, UnsupportedMediaType

T = TypeVar("T")
AnyRequest = Request[Any, Any, Any]


async def read_json(request: AnyRequest, max_bytes: int) -> bytes:
    """The body, decompressed; at most `max_bytes` are ever held, compressed or not. Raises 413, 415 or 422 errors."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON_MEDIA_TYPE:
        raise UnsupportedMediaType
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
    return decode_struct(await read_json(request, max_bytes), type_)


def decode_struct(body: bytes, type_: type[T]) -> T:
    """JSON as a Struct; raises 422 with the place of the first error."""
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        raise InvalidBody(errors=[FieldError(message, field=path.strip("`").removeprefix("$.") or None)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"The body is not valid JSON: {error}") from None


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The request body is larger than {max_bytes} bytes; send fewer commits in one batch.")
