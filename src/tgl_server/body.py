"""Reading a request body: after authentication, capped while it streams in, before and after decompression."""

import zlib
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import zstandard
from litestar import Request

from tgl_protocol.http import JSON_MEDIA_TYPE
from tgl_protocol.problem import FieldError
from tgl_server.errors import BodyTooLarge, InvalidBody, UnsupportedEncoding, UnsupportedMediaType

T = TypeVar("T")
AnyRequest = Request[Any, Any, Any]

CONTENT_ENCODINGS = ("gzip", "zstd")
# zstd turns 4 bytes into as many as 128 KiB and has no limit for its output: small steps bound what one can give.
_STEP = 1024


async def read_json(request: AnyRequest, max_bytes: int) -> bytes:
    """The body, decompressed; at most `max_bytes` are ever held. Raises 413, 415 or 422 errors."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON_MEDIA_TYPE:
        raise UnsupportedMediaType
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    decompress = _decompressor(encoding)
    step = _STEP if encoding == "zstd" else max_bytes
    if int(request.headers.get("content-length", 0)) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    async for chunk in request.stream():
        for start in range(0, len(chunk), step):
            body += decompress(chunk[start : start + step], max_bytes + 1 - len(body))
            if len(body) > max_bytes:
                raise _too_large(max_bytes)
    return bytes(body)


async def read_struct(request: AnyRequest, type_: type[T], max_bytes: int) -> T:
    """The body as a Struct; raises 422 with the place of the first error."""
    body = await read_json(request, max_bytes)
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        raise InvalidBody(errors=[FieldError(message, field=path.strip("`").removeprefix("$.") or None)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"The body is not valid JSON: {error}") from None


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The request body is larger than {max_bytes} bytes; send fewer commits in one batch.")


def _decompressor(encoding: str) -> Callable[[bytes, int], bytes]:
    """A function of a chunk and of how much it may give at the most; the rest is never expanded."""
    if encoding in ("", "identity"):
        return lambda chunk, _: chunk
    if encoding == "gzip":
        return _gzip()
    if encoding == "zstd":
        return _zstd()
    raise UnsupportedEncoding


def _gzip() -> Callable[[bytes, int], bytes]:
    stream = zlib.decompressobj(wbits=31)

    def step(chunk: bytes, most: int) -> bytes:
        try:
            return stream.decompress(chunk, most)
        except zlib.error:
            raise InvalidBody("The body is not valid gzip.") from None

    return step


def _zstd() -> Callable[[bytes, int], bytes]:
    # A frame may ask for a window of gigabytes; 8 MiB is what RFC 8878 recommends to support.
    stream = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024).decompressobj()

    def step(chunk: bytes, _: int) -> bytes:
        try:
            return stream.decompress(chunk)
        except zstandard.ZstdError:
            raise InvalidBody("The body is not valid zstd.") from None

    return step
