"""Small JSON bodies: typed in the handler's signature, so that OpenAPI shows them, and read by our own rules.

Litestar's own way would take "1" for 1, read any media type as JSON, and answer 400 or 500 to what is no JSON.
"""

import re
from typing import Any

from litestar import Request
from litestar.datastructures import State

from tgl_protocol.problem import FieldError
from tgl_server.body import decode_struct, read_json
from tgl_server.errors import InvalidBody

MAX_JSON_BYTES = 256 * 1024

# PostgreSQL's text cannot hold U+0000, which JSON can only write like this; an odd number of backslashes before it
# makes it six harmless characters. Lone surrogates are refused by msgspec.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class JsonRequest(Request[Any, Any, State]):
    """The application's request class: `data` is decoded into its type in one strict step, from gzip or zstd too."""

    async def json(self) -> Any:
        """The body as the type that the handler asks for; raises 413, 415 or 422 errors."""
        body = await read_json(self, MAX_JSON_BYTES)
        if _NUL.search(body):
            raise InvalidBody(errors=[FieldError("A text cannot contain U+0000")])
        field = self.route_handler.parsed_data_field
        return decode_struct(body, field.annotation if field else Any)
