"""The answers of a login that has no key to give, by the words of RFC 8628 and RFC 6749."""

from tgl_protocol import device
from tgl_server.errors import Conflict, NotFound
from tgl_server.http.oauth import OAuthRefusal


class AuthorizationPending(OAuthRefusal):
    """Nobody has approved this login yet; ask again after the interval."""

    code = error = device.AUTHORIZATION_PENDING


class SlowDown(OAuthRefusal):
    """This question came before the interval was over, which is now 5 seconds longer."""

    code = error = device.SLOW_DOWN


class LoginDeclined(OAuthRefusal):
    """This login was declined, or the account that approved it is no longer active."""

    code = error = device.ACCESS_DENIED


class DeviceCodeExpired(OAuthRefusal):
    """This device code has expired before anybody approved it; begin again."""

    code = "device_code_expired"
    error = device.EXPIRED_TOKEN


class DeviceCodeGone(OAuthRefusal):
    """This device code was never given out, or its key was collected already; begin again."""

    code = error = device.INVALID_GRANT


class UnsupportedGrantType(OAuthRefusal):
    """The only grant_type here is urn:ietf:params:oauth:grant-type:device_code."""

    code = error = "unsupported_grant_type"


class InvalidScope(OAuthRefusal):
    """Expected scopes that exist, with spaces between them: sync:commits read:repos."""

    code = error = "invalid_scope"


class NoSuchCode(NotFound):
    """No login waits with this code: it is mistyped, has expired or was used. The terminal has the right one."""


class LoginAnswered(Conflict):
    """This login was answered already."""
