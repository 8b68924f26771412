"""Logging a machine in by a browser elsewhere (RFC 8628): the machine shows a code, a person approves it.

Members and words are the RFC's. Requests are JSON, or forms as the RFC has them; `name` and `expires_in_days` are ours.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from tgl_protocol.about import about
from tgl_protocol.api_keys import Days, KeyInfo, KeyName

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:device_code"
#: The words that a machine waits on; any other `error` ends its login.
AUTHORIZATION_PENDING: Final = "authorization_pending"
SLOW_DOWN: Final = "slow_down"
ACCESS_DENIED: Final = "access_denied"
EXPIRED_TOKEN: Final = "expired_token"  # noqa: S105 -- a word of the RFC, not a secret
INVALID_GRANT: Final = "invalid_grant"

DEFAULT_DAYS: Final = 90

_Text = Annotated[str, Meta(max_length=200)]
_ClientId = Annotated[_Text, about("The program that asks; any text")]


class DeviceRequest(Struct, frozen=True, kw_only=True):
    """A machine's wish for an API key, which somebody who is signed in elsewhere is to approve."""

    client_id: _ClientId = "tgl"
    scope: Annotated[_Text, about("The key's rights, with spaces between them")] = "sync:commits read:repos"
    name: Annotated[KeyName, about("The name of the key: what asks, and on which machine")] = "device login"
    expires_in_days: Annotated[Days, about("Days until the key expires")] = DEFAULT_DAYS


class DeviceCodes(Struct, frozen=True, kw_only=True):
    """The codes of a login that waits: one to show to its person, and a secret one to collect the key with."""

    device_code: Annotated[str, about("The secret that collects the key; never shown to anybody")]
    user_code: Annotated[str, about("What the person types or compares")]
    verification_uri: Annotated[str, about("The page on which they do it")]
    verification_uri_complete: Annotated[str, about("The same page with the code filled in")]
    expires_in: Annotated[int, about("Seconds for which the codes are good")]
    interval: Annotated[int, about("Seconds to wait before each question whether it is approved")]

    def __repr__(self) -> str:
        return f"DeviceCodes({self.verification_uri})"


class DeviceTokenRequest(Struct, frozen=True, kw_only=True):
    """The question whether a login is approved; as soon as it is, the answer has the key."""

    grant_type: Annotated[_Text, about(f"Always `{GRANT_TYPE}`")]
    device_code: Annotated[_Text, about("The secret code of the login")]
    client_id: _ClientId = "tgl"

    def __repr__(self) -> str:
        return "DeviceTokenRequest()"


class DeviceToken(Struct, frozen=True, kw_only=True):
    """The API key of a login that was approved, in the only answer that ever has it."""

    access_token: Annotated[str, about("The API key; in this answer and never again")]
    token_type: Annotated[str, about("Always `Bearer`: how the key is sent")]
    expires_in: Annotated[int, about("Seconds until the key expires")]
    scope: Annotated[str, about("The key's rights, with spaces between them")]
    key: Annotated[KeyInfo, about("The key as the list of keys shows it")]

    def __repr__(self) -> str:
        return f"DeviceToken({self.key.prefix}_...)"
