"""The errors of the server as one tree; each class carries its code and status.

    ServerError
    +-- StartupError                    the process stops with one sentence (never an HTTP answer)
    +-- ApiError                        answered as application/problem+json
        +-- BadRequest 400              +-- NotAPushRepository
        +-- Unauthenticated 401         +-- MissingCredentials  InvalidCredentials  ExpiredToken  SessionEnded
        |                               +-- MalformedApiKey  InvalidApiKey  InactiveApiKey  ExpiredApiKey  RevokedApiKey
        +-- Forbidden 403               +-- InsufficientScope  NetworkNotAllowed  AccountNotActive
        |                               +-- SessionRequired  WrongPassword
        +-- NotFound 404
        +-- MethodNotAllowed 405
        +-- RequestTimeout 408
        +-- Conflict 409
        +-- BodyTooLarge 413
        +-- UnsupportedMediaType 415    +-- UnsupportedEncoding
        +-- Invalid 422                 +-- InvalidBody  InvalidCommits  InvalidParameter
        +-- RateLimited 429
        +-- HeadersTooLarge 431
        +-- InternalError 500
        +-- Unavailable 503             +-- Busy

The docstring of a class is its default message. Only `tgl_server.http.problems` turns errors into HTTP. A feature
whose refusal has a code of its own derives its class from one of these.
"""

from collections.abc import Iterator

from tgl_protocol.problem import NOT_A_PUSH_REPOSITORY, FieldError


class ServerError(Exception):
    """The server could not do what was asked."""


class StartupError(ServerError):
    """The server cannot start; the message says why and what to do."""


class ApiError(ServerError):
    """The request was refused."""

    status: int
    #: A stable word for programs; each class that is answered has its own.
    code: str

    def __init__(self, detail: str = "", *, headers: dict[str, str] | None = None) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.headers = headers or {}
        super().__init__(self.detail)


class BadRequest(ApiError):
    """The request cannot be understood."""

    status = 400
    code = "bad_request"


class NotAPushRepository(BadRequest):
    """This repository is pulled by the server; a client cannot push to it. Set its sync_method to push_client."""

    code = NOT_A_PUSH_REPOSITORY


class Unauthenticated(ApiError):
    """The request carries no valid credentials."""

    status = 401

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="thegitleague"'})


class MissingCredentials(Unauthenticated):
    """Send `Authorization: Bearer <API key or access token>`."""

    code = "missing_credentials"


class InvalidCredentials(Unauthenticated):
    """These credentials are not valid."""

    code = "invalid_credentials"


class ExpiredToken(Unauthenticated):
    """This access token has expired; refresh it or log in again."""

    code = "expired_token"


class SessionEnded(Unauthenticated):
    """This session has ended; log in again."""

    code = "session_ended"


class MalformedApiKey(Unauthenticated):
    """This is not a TheGitLeague API key: it was cut off or mistyped. Copy the whole key again."""

    code = "malformed_api_key"


class InvalidApiKey(Unauthenticated):
    """The server does not know this API key."""

    code = "invalid_api_key"


class InactiveApiKey(Unauthenticated):
    """This API key is deactivated; its owner can activate it again."""

    code = "inactive_api_key"


class ExpiredApiKey(Unauthenticated):
    """This API key has expired; create a new one."""

    code = "expired_api_key"


class RevokedApiKey(Unauthenticated):
    """This API key was revoked; create a new one."""

    code = "revoked_api_key"


class Forbidden(ApiError):
    """You may not do this."""

    status = 403
    code = "forbidden"


class InsufficientScope(Forbidden):
    """This API key does not have the scope that the request needs."""

    code = "insufficient_scope"


class NetworkNotAllowed(Forbidden):
    """This API key may not be used from this network."""

    code = "network_not_allowed"


class AccountNotActive(Forbidden):
    """This account is not active; a commissioner can approve it."""

    code = "account_not_active"


class SessionRequired(Forbidden):
    """An API key cannot do this; log in and send the access token."""

    code = "session_required"


class WrongPassword(Forbidden):
    """The current password is wrong."""

    code = "wrong_password"


class NotFound(ApiError):
    """There is nothing here, or nothing that you may see."""

    status = 404
    code = "not_found"


class MethodNotAllowed(ApiError):
    """There is no such method here."""

    status = 405
    code = "method_not_allowed"


class RequestTimeout(ApiError):
    """The request body took too long to arrive; send it again over a better connection, or in smaller batches."""

    status = 408
    code = "request_timeout"


class Conflict(ApiError):
    """This name is taken."""

    status = 409
    code = "conflict"


class BodyTooLarge(ApiError):
    """The request body is too large; send fewer commits in one batch."""

    status = 413
    code = "body_too_large"


class UnsupportedMediaType(ApiError):
    """Send the body as application/json."""

    status = 415
    code = "unsupported_media_type"


class UnsupportedEncoding(UnsupportedMediaType):
    """Content-Encoding may be gzip, zstd or identity."""

    code = "unsupported_encoding"

    def __init__(self) -> None:
        super().__init__(headers={"Accept-Encoding": "gzip, zstd"})


class Invalid(ApiError):
    """The request does not validate; `errors` has every reason."""

    status = 422
    #: A reason to show in the documents.
    example: FieldError | None = None

    def __init__(self, detail: str = "", errors: list[FieldError] | None = None) -> None:
        self.errors = errors or []
        super().__init__(detail)


class InvalidBody(Invalid):
    """The request body does not validate."""

    code = "invalid_body"
    example = FieldError("This field is required", field="name")


class InvalidCommits(Invalid):
    """Some commits of the batch are invalid; nothing was stored."""

    code = "invalid_commits"
    example = FieldError(
        "Expected a whole number of at least 0", 3, "9fceb02d0ae598e95dc970b74767f19372d61af8", "additions"
    )


class InvalidParameter(Invalid):
    """A header, path or query parameter does not validate."""

    code = "invalid_parameter"
    example = FieldError("Expected a whole number of at most 200", field="limit")


class RateLimited(ApiError):
    """Too many requests; wait as long as Retry-After says."""

    status = 429
    code = "rate_limited"


class HeadersTooLarge(ApiError):
    """The address and the headers of the request are too large."""

    status = 431
    code = "headers_too_large"


class InternalError(ApiError):
    """The server failed; its log has the reason under this request id."""

    status = 500
    code = "internal_error"


class Unavailable(ApiError):
    """The server cannot reach its database at the moment; try again."""

    status = 503
    code = "unavailable"

    def __init__(self, detail: str = "", *, retry_after: int = 5) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class Busy(Unavailable):
    """Too many requests are waiting for the same repository, project or key; try again."""

    code = "busy"


def answered(root: type[ApiError] = ApiError) -> Iterator[type[ApiError]]:
    """The classes with a code of their own, in the order of the tree; the others only group them."""
    if "code" in vars(root):
        yield root
    for derived in root.__subclasses__():
        yield from answered(derived)
