"""What query parameters must not mean."""

from typing import Any

from litestar import Request

from tgl_protocol.problem import FieldError
from tgl_server.errors import InvalidParameter


def refuse_null(request: Request[Any, Any, Any], *names: str) -> None:
    """For parameters that are no text: Litestar takes the word `null` for none, and a filter by it for no filter."""
    reasons = [FieldError("Leave it out instead of null", field=name) for name in names if _is_null(request, name)]
    if reasons:
        raise InvalidParameter(errors=reasons)


def _is_null(request: Request[Any, Any, Any], name: str) -> bool:
    return any(value.lower() == "null" for value in request.query_params.getall(name, []))
