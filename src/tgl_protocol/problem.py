"""The one shape of every error answer: `application/problem+json` (RFC 9457) with a stable `code`."""

from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType


class ErrorCode(StrEnum):
    """Stable words for programs; `detail` is the sentence for people."""

    INVALID_BODY = "invalid_body"
    INVALID_COMMITS = "invalid_commits"
    INVALID_PARAMETER = "invalid_parameter"
    UNKNOWN_COMMITS = "unknown_commits"
    NOT_A_PUSH_REPOSITORY = "not_a_push_repository"
    BAD_REQUEST = "bad_request"
    MISSING_CREDENTIALS = "missing_credentials"
    INVALID_CREDENTIALS = "invalid_credentials"
    MALFORMED_API_KEY = "malformed_api_key"
    INVALID_API_KEY = "invalid_api_key"
    INACTIVE_API_KEY = "inactive_api_key"
    EXPIRED_API_KEY = "expired_api_key"
    REVOKED_API_KEY = "revoked_api_key"
    NETWORK_NOT_ALLOWED = "network_not_allowed"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 -- an error code, not a secret
    SESSION_ENDED = "session_ended"
    SESSION_REQUIRED = "session_required"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 -- an error code, not a secret
    ACCOUNT_NOT_ACTIVE = "account_not_active"
    INSUFFICIENT_SCOPE = "insufficient_scope"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    REQUEST_TIMEOUT = "request_timeout"
    CONFLICT = "conflict"
    BODY_TOO_LARGE = "body_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    RATE_LIMITED = "rate_limited"
    HEADERS_TOO_LARGE = "headers_too_large"
    INTERNAL_ERROR = "internal_error"
    UNAVAILABLE = "unavailable"


class FieldError(Struct, frozen=True, omit_defaults=True):
    """One reason for a refusal: `index` and `sha` name the commit in the order sent, `field` the part of it."""

    message: str
    index: int | None = None
    sha: str | None = None
    field: str | None = None


class Problem(Struct, frozen=True):
    """RFC 9457, extended by `code`, `request_id` and, for validation, `errors`."""

    type: str
    title: str
    status: int
    detail: str
    code: ErrorCode
    request_id: str
    errors: list[FieldError] | UnsetType = UNSET
