"""Bodies of the device flow: JSON like everywhere here, or a form, which is what the RFC's clients send."""

from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from msgspec import Struct

from tgl_protocol.http import JSON_MEDIA_TYPE
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.http.body import decode_struct, media_type_of, read_capped
from tgl_server.http.plain_words import field_error
from tgl_server.http.text_rules import is_storable

T = TypeVar("T", bound=Struct)

_FORM = "application/x-www-form-urlencoded"
_MOST_BYTES = 16 * 1024
_MOST_FIELDS = 50


async def read_body(request: Request[Any, Any, Any], type_: type[T]) -> T:
    """The body as a Struct; raises 413, 415 or 422 errors."""
    media_type = media_type_of(request)
    if media_type not in (JSON_MEDIA_TYPE, _FORM):
        raise errors.UnsupportedMediaType(f"Send the body as {JSON_MEDIA_TYPE} or {_FORM}.")
    body = await read_capped(request, _MOST_BYTES)
    found = decode_struct(body, type_) if media_type == JSON_MEDIA_TYPE else _from_form(body, type_)
    for name in type_.__struct_fields__:
        if isinstance(text := getattr(found, name), str) and not is_storable(text):
            raise errors.InvalidBody(errors=[FieldError("A text cannot contain U+0000", field=name)])
    return found


def _from_form(body: bytes, type_: type[T]) -> T:
    try:
        pairs = parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise errors.InvalidBody(f"The body is not valid {_FORM}.") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):  # RFC 6749, section 3.2
        raise errors.InvalidBody("A parameter cannot be there twice.")
    try:
        return msgspec.convert(fields, type_, strict=False)
    except msgspec.ValidationError as error:
        raise errors.InvalidBody(errors=[field_error(error, type_)]) from None
