"""The one parser of the header `Authorization: Bearer <token>` (RFC 6750, section 2.1)."""

from tgl_protocol.keys import MalformedApiKeyError, parse_api_key

_SCHEME = "bearer"


def bearer_token(header: str) -> str | None:
    """The token in a header's value; None for an empty one and for another scheme."""
    scheme, _, token = header.partition(" ")
    return token.strip() or None if scheme.lower() == _SCHEME else None


def key_in_log(token: str) -> dict[str, str]:
    """The field of the request's line in the log that identifies an API key, right or refused; its prefix is public."""
    try:
        return {"key": parse_api_key(token).prefix}
    except MalformedApiKeyError:
        return {}
