"""Which errors an operation can answer, and how the document shows them."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler

from tgl_protocol.http import PROBLEM_MEDIA_TYPE
from tgl_protocol.problem import ErrorCode, FieldError
from tgl_server import errors
from tgl_server.errors import ApiError
from tgl_server.limits.groups import GROUP_OPTION, RateGroup
from tgl_server.openapi.access import access_errors
from tgl_server.openapi.headers import RATE_HEADERS
from tgl_server.openapi.operations import OWN_ERRORS
from tgl_server.problems import problem_of

_WITH_A_BODY = (
    errors.BadRequest,
    errors.RequestTimeout,
    errors.BodyTooLarge,
    errors.UnsupportedMediaType,
    errors.UnsupportedEncoding,
    errors.InvalidBody,
)
_HEADERS = {
    401: ["WWW-Authenticate"],
    415: ["Accept-Encoding"],
    429: ["Retry-After", *RATE_HEADERS],
    503: ["Retry-After"],
}
_MAX_NAMED = 5
_NOTES = {431: "\n\nFar beyond the limit the answer has no body: the request never reaches the application."}
_REASONS = {
    ErrorCode.INVALID_COMMITS: FieldError(
        "Expected `int` >= 0", 3, "9fceb02d0ae598e95dc970b74767f19372d61af8", "additions"
    ),
    ErrorCode.INVALID_PARAMETER: FieldError("Expected `int` <= 200", field="limit"),
    ErrorCode.INVALID_BODY: FieldError("Object missing required field `name`"),
}

ErrorType = type[ApiError]


def is_limited(handler: HTTPRouteHandler) -> bool:
    """Whether the answers carry `RateLimit-*`."""
    return handler.opt.get(GROUP_OPTION) is not RateGroup.UNLIMITED


def errors_of(handler: HTTPRouteHandler, places: set[str], *, has_body: bool) -> list[ErrorType]:
    """All of them, by status; `places` is where its own parameters are."""
    found: list[ErrorType] = [*access_errors(handler), *OWN_ERRORS.get(handler.handler_name, ())]
    found += [errors.HeadersTooLarge, ApiError]
    found += [errors.NotFound] if "path" in places else []
    found += [errors.InvalidParameter] if places & {"query", "header"} else []
    found += _WITH_A_BODY if has_body else ()
    found += [errors.RateLimited] if is_limited(handler) else []
    found += [errors.Unavailable] if handler.handler_name != "health" else []  # a stopping server is alive
    return sorted(set(found), key=lambda error: (error.status, list(ErrorCode).index(error.code)))


def error_responses(found: Iterable[ErrorType]) -> dict[str, Any]:
    """The operation's answers by status, as references: many operations refuse alike."""
    return {str(same[0].status): {"$ref": f"#/components/responses/{_name(same)}"} for same in _by_status(found)}


def shared_responses(operations: Iterable[Iterable[ErrorType]]) -> dict[str, Any]:
    """What the references of all operations name."""
    found = {_name(same): same for errors_ in operations for same in _by_status(errors_)}
    return {name: _response(same) for name, same in sorted(found.items())}


def _by_status(found: Iterable[ErrorType]) -> list[list[ErrorType]]:
    return [list(same) for _, same in groupby(found, key=lambda error: error.status)]


def _name(same_status: list[ErrorType]) -> str:
    """Its codes; a caller whom nobody knows can be refused for too many reasons to name them all."""
    codes = [error.code for error in same_status]
    return "unauthenticated" if len(codes) > _MAX_NAMED else "-or-".join(codes)


def _response(same_status: list[ErrorType]) -> dict[str, Any]:
    status = same_status[0].status
    codes = [error.code for error in same_status]
    narrowed = {"properties": {"status": {"const": status}, "code": {"enum": codes}}}
    headers = ["X-Request-Id", *_HEADERS.get(status, [])]
    content = {
        "schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]},
        "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
    }
    return {
        "description": "\n".join(f"- `{error.code}`: {sentence_of(error)}" for error in same_status)
        + _NOTES.get(status, ""),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {PROBLEM_MEDIA_TYPE: content},
    }


def error_example(error: ErrorType) -> dict[str, Any]:
    """A whole problem, for `components/examples`."""
    refusal = error()
    refusal.detail = sentence_of(error)
    if isinstance(refusal, errors.Invalid) and error.code in _REASONS:
        refusal.errors = [_REASONS[error.code]]
    return {"value": msgspec.to_builtins(problem_of(refusal, "019c2f6e9d3c7e5f8a0b1c2d3e4f5061"))}


def sentence_of(error: ErrorType) -> str:
    """Its default message."""
    if error is ApiError:
        return "The server failed; its log has the reason under this request id."
    return (error.__doc__ or "").strip()
