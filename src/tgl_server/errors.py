"""Every refusal the server can answer, as one tree; each class carries its code and status.

    ServerError
    +-- StartupError                    the process stops with one sentence (never an HTTP answer)
    +-- ApiError                        answered as application/problem+json
        +-- BadRequest 400              +-- NotAPushRepository
        +-- Unauthenticated 401         +-- MissingCredentials  InvalidCredentials  ExpiredToken  SessionEnded
        |                               +-- MalformedApiKey  InvalidApiKey  InactiveApiKey  ExpiredApiKey  RevokedApiKey
        +-- Forbidden 403               +-- InsufficientScope  NetworkNotAllowed  AccountNotActive
        |                               +-- SessionRequired  WrongPassword
        +-- NotFound 404
        +-- RequestTimeout 408
        +-- Conflict 409
        +-- BodyTooLarge 413
        +-- UnsupportedMediaType 415    +-- UnsupportedEncoding
        +-- Invalid 422                 +-- InvalidBody  InvalidCommits  InvalidParameter  UnknownCommits
        +-- RateLimited 429
        +-- HeadersTooLarge 431
        +-- Unavailable 503

The docstring of a class is its default message. They are turned into HTTP in `tgl_server.problems` alone.
"""

from tgl_protocol.problem import ErrorCode, FieldError


class ServerError(Exception):
    """The server could not do what was asked."""


class StartupError(ServerError):
    """The server cannot start; the message says why and what to do."""


class ApiError(ServerError):
    """The request was refused."""

    status: int = 500
    code: ErrorCode = ErrorCode.INTERNAL_ERROR

    def __init__(self, detail: str = "", *, headers: dict[str, str] | None = None) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.headers = headers or {}
        super().__init__(self.detail)


class BadRequest(ApiError):
    """The request cannot be understood."""

    status = 400
    code = ErrorCode.BAD_REQUEST


class NotAPushRepository(BadRequest):
    """This repository is pulled by the server; a client cannot push to it. Set its sync_method to push_client."""

    code = ErrorCode.NOT_A_PUSH_REPOSITORY


class Unauthenticated(ApiError):
    """The request carries no valid credentials."""

    status = 401
    code = ErrorCode.MISSING_CREDENTIALS

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="thegitleague"'})


class MissingCredentials(Unauthenticated):
    """Send `Authorization: Bearer <API key or access token>`."""


class InvalidCredentials(Unauthenticated):
    """These credentials are not valid."""

    code = ErrorCode.INVALID_CREDENTIALS


class ExpiredToken(Unauthenticated):
    """This access token has expired; refresh it or log in again."""

    code = ErrorCode.EXPIRED_TOKEN


class SessionEnded(Unauthenticated):
    """This session has ended; log in again."""

    code = ErrorCode.SESSION_ENDED


class MalformedApiKey(Unauthenticated):
    """This is not a TheGitLeague API key: it was cut off or mistyped. Copy the whole key again."""

    code = ErrorCode.MALFORMED_API_KEY


class InvalidApiKey(Unauthenticated):
    """The server does not know this API key."""

    code = ErrorCode.INVALID_API_KEY


class InactiveApiKey(Unauthenticated):
    """This API key is deactivated; its owner can activate it again."""

    code = ErrorCode.INACTIVE_API_KEY


class ExpiredApiKey(Unauthenticated):
    """This API key has expired; create a new one."""

    code = ErrorCode.EXPIRED_API_KEY


class RevokedApiKey(Unauthenticated):
    """This API key was revoked; create a new one."""

    code = ErrorCode.REVOKED_API_KEY


class Forbidden(ApiError):
    """You may not do this."""

    status = 403
    code = ErrorCode.FORBIDDEN


class InsufficientScope(Forbidden):
    """This API key lacks the scope that the request needs."""

    code = ErrorCode.INSUFFICIENT_SCOPE


class NetworkNotAllowed(Forbidden):
    """This API key may not be used from this network."""

    code = ErrorCode.NETWORK_NOT_ALLOWED


class AccountNotActive(Forbidden):
    """This account is not active; a commissioner can approve it."""

    code = ErrorCode.ACCOUNT_NOT_ACTIVE


class SessionRequired(Forbidden):
    """An API key cannot do this; log in and send the access token."""

    code = ErrorCode.SESSION_REQUIRED


class WrongPassword(Forbidden):
    """The current password is not this one."""

    code = ErrorCode.WRONG_PASSWORD


class NotFound(ApiError):
    """There is nothing here, or nothing that you may see."""

    status = 404
    code = ErrorCode.NOT_FOUND


class RequestTimeout(ApiError):
    """The request body took too long to arrive; send it again over a better connection, or in smaller batches."""

    status = 408
    code = ErrorCode.REQUEST_TIMEOUT


class Conflict(ApiError):
    """This name is taken."""

    status = 409
    code = ErrorCode.CONFLICT


class BodyTooLarge(ApiError):
    """The request body is too large; send fewer commits in one batch."""

    status = 413
    code = ErrorCode.BODY_TOO_LARGE


class UnsupportedMediaType(ApiError):
    """Send the body as application/json."""

    status = 415
    code = ErrorCode.UNSUPPORTED_MEDIA_TYPE


class UnsupportedEncoding(UnsupportedMediaType):
    """Content-Encoding may be gzip, zstd or identity."""

    code = ErrorCode.UNSUPPORTED_ENCODING

    def __init__(self) -> None:
        super().__init__(headers={"Accept-Encoding": "gzip, zstd"})


class Invalid(ApiError):
    """The request does not validate; `errors` has every reason."""

    status = 422
    code = ErrorCode.INVALID_BODY

    def __init__(self, detail: str = "", errors: list[FieldError] | None = None) -> None:
        self.errors = errors or []
        super().__init__(detail)


class InvalidBody(Invalid):
    """The request body does not validate."""


class InvalidCommits(Invalid):
    """Some commits of the batch are invalid; nothing was stored."""

    code = ErrorCode.INVALID_COMMITS


class InvalidParameter(Invalid):
    """A header, path or query parameter does not validate."""

    code = ErrorCode.INVALID_PARAMETER


class UnknownCommits(Invalid):
    """Some of these commits are not stored in the repository; push them first. Nothing was recorded."""

    code = ErrorCode.UNKNOWN_COMMITS


class RateLimited(ApiError):
    """Too many requests; wait as long as Retry-After says."""

    status = 429
    code = ErrorCode.RATE_LIMITED


class HeadersTooLarge(ApiError):
    """The address and the headers of the request are too large."""

    status = 431
    code = ErrorCode.HEADERS_TOO_LARGE


class Unavailable(ApiError):
    """The server cannot reach its database at the moment; try again."""

    status = 503
    code = ErrorCode.UNAVAILABLE

    def __init__(self, detail: str = "", *, retry_after: int = 5) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})
