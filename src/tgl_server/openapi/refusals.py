"""The errors that an operation can answer, and how the document shows them."""

from collections.abc import Iterable
from http import HTTPStatus
from itertools import groupby
from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler

from tgl_protocol.http import PROBLEM_MEDIA_TYPE
from tgl_server import errors
from tgl_server.errors import ApiError
from tgl_server.http.declarations import AlwaysAvailable, AnyQuery, OwnErrors, declared
from tgl_server.http.problems import problem_of
from tgl_server.limits.groups import RateGroup, group_of
from tgl_server.openapi.access import guard_errors
from tgl_server.openapi.headers import RATE_HEADERS

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

ErrorType = type[ApiError]


def is_limited(handler: HTTPRouteHandler) -> bool:
    """True if the answers carry `RateLimit-*`."""
    return group_of(handler) is not RateGroup.UNLIMITED


def errors_of(handler: HTTPRouteHandler, places: set[str], *, has_body: bool) -> list[ErrorType]:
    """All errors that the operation can answer, by status; `places` is where its own parameters are."""
    own = declared(handler, OwnErrors)
    found: list[ErrorType] = [*guard_errors(handler), *(own.errors if own else ())]
    found += [errors.HeadersTooLarge, errors.InternalError]
    found += [errors.NotFound] if "path" in places else []
    found += [errors.InvalidParameter] if "header" in places or declared(handler, AnyQuery) is None else []
    found += _WITH_A_BODY if has_body else ()
    found += [errors.RateLimited] if is_limited(handler) else []
    found += [errors.Unavailable] if declared(handler, AlwaysAvailable) is None else []
    return sorted(set(found), key=lambda error: (error.status, error.code))


def error_responses(found: Iterable[ErrorType]) -> dict[str, Any]:
    """The operation's error answers by status, as references, since many operations share them."""
    return {str(same[0].status): {"$ref": f"#/components/responses/{_name(same)}"} for same in _by_status(found)}


def shared_responses(operations: Iterable[Iterable[ErrorType]]) -> dict[str, Any]:
    """The error answers that the references of all operations name."""
    found = {_name(same): same for errors_ in operations for same in _by_status(errors_)}
    return {name: _response(same) for name, same in sorted(found.items())}


def _by_status(found: Iterable[ErrorType]) -> list[list[ErrorType]]:
    return [list(same) for _, same in groupby(found, key=lambda error: error.status)]


def _name(same_status: list[ErrorType]) -> str:
    """The answer's name, made of its codes; those of 401 are too many to name, and everywhere the same."""
    codes = [error.code for error in same_status]
    is_unauthenticated = same_status[0].status == HTTPStatus.UNAUTHORIZED
    return "unauthenticated" if is_unauthenticated and len(codes) > _MAX_NAMED else "-or-".join(codes)


def _response(same_status: list[ErrorType]) -> dict[str, Any]:
    status = same_status[0].status
    codes = [error.code for error in same_status]
    headers = ["X-Request-Id", *_HEADERS.get(status, [])]
    content = {
        # The examples name the codes: a schema of its own for each set of them makes generators give up.
        "schema": {"$ref": "#/components/schemas/Problem"},
        "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
    }
    return {
        "description": "\n".join(f"- `{error.code}`: {sentence_of(error)}" for error in same_status)
        + _NOTES.get(status, ""),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {PROBLEM_MEDIA_TYPE: content},
    }


def error_example(error: ErrorType) -> dict[str, Any]:
    """A complete problem, for `components/examples`."""
    refusal = error()
    refusal.detail = sentence_of(error)
    if isinstance(refusal, errors.Invalid) and refusal.example is not None:
        refusal.errors = [refusal.example]
    return {"value": msgspec.to_builtins(problem_of(refusal, "019c2f6e9d3c7e5f8a0b1c2d3e4f5061"))}


def sentence_of(error: ErrorType) -> str:
    """The error's default message."""
    return (error.__doc__ or "").strip()
