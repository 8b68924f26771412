"""The one place where an exception becomes an HTTP answer."""

from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from asyncpg import (
    AdminShutdownError,
    CannotConnectNowError,
    CrashShutdownError,
    PostgresConnectionError,
    TooManyConnectionsError,
)
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import HTTPScope, Send
from msgspec import UNSET
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tgl_protocol.http import PROBLEM_MEDIA_TYPE
from tgl_protocol.problem import ErrorCode, FieldError, Problem
from tgl_server import errors
from tgl_server.origin import request_id_of

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]

#: A constraint that a user can run into, and what it means to them.
CONSTRAINTS: dict[str, errors.ApiError] = {
    "uq_projects_slug": errors.Conflict("A project with this slug exists already."),
    "uq_repos_project_id_name": errors.Conflict("The project has a repository of this name already."),
    "pk_project_members": errors.Conflict("This user is in the project already."),
    "fk_repos_project_id": errors.NotFound("The project was deleted meanwhile."),
    "uq_users_email": errors.Conflict("There is an account with this e-mail address already."),
}

_BY_STATUS = {
    400: ErrorCode.BAD_REQUEST,
    401: ErrorCode.MISSING_CREDENTIALS,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    413: ErrorCode.BODY_TOO_LARGE,
    415: ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    429: ErrorCode.RATE_LIMITED,
}

# PostgreSQL that starts, stops or has no room for one more says so in its own words, and not as a lost connection.
_AWAY = (
    PostgresConnectionError
    | AdminShutdownError
    | CrashShutdownError
    | CannotConnectNowError
    | TooManyConnectionsError
    | OSError
)


def answer_problem(request: AnyRequest, error: Exception) -> Response[Problem]:
    """Litestar's exception handler for everything; what nobody expected is logged with its traceback."""
    refusal = _as_api_error(error)
    if refusal is None:
        log.exception("unexpected_error", exc_info=error)
        refusal = errors.ApiError("The server failed; its log has the reason under this request id.")
    return _response(refusal, request_id_of(request))


def _as_api_error(error: Exception) -> errors.ApiError | None:
    if isinstance(error, errors.ApiError):
        return error
    if isinstance(error, ValidationException):
        return _invalid_parameter(error)
    if isinstance(error, HTTPException):
        return _from_litestar(error)
    if isinstance(error, IntegrityError):
        return CONSTRAINTS.get(_constraint_name(error))
    if isinstance(error, PoolTimeoutError):
        log.warning("database_pool_exhausted")
        return errors.Unavailable("All connections to the database are in use; try again.")
    if is_database_away(error):
        log.warning("database_unavailable", reason=type(error).__name__)
        return errors.Unavailable()
    return None


def _from_litestar(error: HTTPException) -> errors.ApiError | None:
    """Litestar's own refusals: no such route, wrong method, a broken request."""
    code = _BY_STATUS.get(error.status_code)
    if code is None:
        return None
    refusal = errors.ApiError(error.detail or HTTPStatus(error.status_code).phrase, headers=dict(error.headers or {}))
    refusal.status, refusal.code = error.status_code, code
    return refusal


def _invalid_parameter(error: ValidationException) -> errors.ApiError:
    found = error.extra if isinstance(error.extra, list) else []
    if [item.get("key") for item in found if isinstance(item, dict)] == ["data"]:
        return errors.InvalidBody("This request needs a body; send it as application/json.")
    reasons = [FieldError(str(item.get("message")), field=item.get("key")) for item in found if isinstance(item, dict)]
    return errors.InvalidParameter(errors=reasons)


def _constraint_name(error: IntegrityError) -> str:
    cause = error.orig.__cause__ if error.orig else None
    return str(getattr(cause, "constraint_name", ""))


def is_database_away(error: Exception) -> bool:
    """The connection cannot be made, or it was cut: try again later."""
    if isinstance(error, OperationalError | InterfaceError | _AWAY):
        return True
    if isinstance(error, DBAPIError):
        cause = error.orig.__cause__ if error.orig else None
        return error.connection_invalidated or isinstance(cause, _AWAY)
    return False


def _response(refusal: errors.ApiError, request_id: str) -> Response[Problem]:
    return Response(
        problem_of(refusal, request_id),
        status_code=refusal.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=refusal.headers,
    )


def problem_of(refusal: errors.ApiError, request_id: str) -> Problem:
    """The body of the answer."""
    return Problem(
        type="about:blank",
        title=HTTPStatus(refusal.status).phrase,
        status=refusal.status,
        detail=refusal.detail,
        code=refusal.code,
        request_id=request_id,
        errors=refusal.errors if isinstance(refusal, errors.Invalid) and refusal.errors else UNSET,
    )


async def send_problem(scope: HTTPScope, send: Send, refusal: errors.ApiError) -> None:
    """The same answer without Litestar, for middleware that refuses a great many: in a third of the time."""
    body = msgspec.json.encode(problem_of(refusal, str(scope["state"].get("request_id", ""))))
    named = {"Content-Type": PROBLEM_MEDIA_TYPE, "Content-Length": str(len(body)), **refusal.headers}
    headers = [(name.lower().encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
