"""Small JSON bodies: typed in the handler's signature, so that OpenAPI shows them, but read by our own rules.

Litestar itself would accept "1" for 1, read any media type as JSON, and answer 400 or 500 to a body that is no JSON.
"""

import re
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State

from tgl_protocol.problem import FieldError
from tgl_server.errors import InvalidBody
from tgl_server.http.body import decode_struct, read_json
from tgl_server.http.text_rules import shown_name

MAX_JSON_BYTES = 256 * 1024

# PostgreSQL's text cannot hold U+0000, which JSON can only write like this; an odd number of backslashes before it
# makes it six harmless characters. msgspec refuses lone surrogates.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class JsonRequest(Request[Any, Any, State]):
    """The application's request class: `data` is decoded into its type in one strict step, from gzip or zstd too."""

    async def json(self) -> Any:
        """The body as the type that the handler's signature names; raises 413, 415 or 422 errors."""
        body = await read_json(self, MAX_JSON_BYTES)
        if _NUL.search(body):
            raise InvalidBody(errors=[FieldError("A text cannot contain U+0000", field=_field_with_nul(body))])
        field = self.route_handler.parsed_data_field
        return decode_struct(body, field.annotation if field else Any)


def _field_with_nul(body: bytes) -> str | None:
    """The field of a body that has U+0000 in its value, or in its name."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    fields = document.items() if isinstance(document, dict) else ()
    return next((shown_name(name) for name, value in fields if _NUL.search(msgspec.json.encode({name: value}))), None)
