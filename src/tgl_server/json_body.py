"""Small JSON bodies: typed in the handler's signature, so that OpenAPI shows them, and read by our own rules."""

from typing import Any

from litestar import Request
from litestar.datastructures import State

from tgl_server.body import read_struct

MAX_JSON_BODY = 256 * 1024


class JsonRequest(Request[Any, Any, State]):
    """`data` is decoded into its type in one strict step, from gzip or zstd too, and is refused with 422, 413 or 415.

    Litestar's own way would take "1" for 1, read any content type as JSON, and answer 400 to what is no JSON.
    A router that uses it sets `request_max_body_size=MAX_JSON_BODY`.
    """

    async def json(self) -> Any:
        field = self.route_handler.parsed_data_field
        assert field is not None
        return await read_struct(self, field.annotation, MAX_JSON_BODY)
