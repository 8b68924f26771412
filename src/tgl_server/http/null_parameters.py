"""The word `null` as a query parameter, or as a body that may be left out, which is refused."""

from typing import Any

from litestar import Request

from tgl_protocol.problem import FieldError
from tgl_server.errors import InvalidBody, InvalidParameter


def refuse_null(request: Request[Any, Any, Any], *names: str) -> None:
    """Raises a 422 error for a parameter that is `null`: Litestar reads it as None, and the filter would be ignored."""
    reasons = [FieldError("Leave it out instead of null", field=name) for name in names if _is_null(request, name)]
    if reasons:
        raise InvalidParameter(errors=reasons)


def _is_null(request: Request[Any, Any, Any], name: str) -> bool:
    return any(value.lower() == "null" for value in request.query_params.getall(name, []))


async def refuse_null_body(request: Request[Any, Any, Any]) -> None:
    """Raises a 422 error for a body that is `null`: the document knows an object, or no body."""
    if (await request.body()).strip() == b"null":
        message = "Expected an object, or no body at all, instead of null"
        raise InvalidBody(f"{message}.", errors=[FieldError(message)])
