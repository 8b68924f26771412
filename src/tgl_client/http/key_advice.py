"""What to do about a key that the server refuses: by the server's reason, and by where the key came from. Pure."""

from typing import Final

from tgl_client.errors import AuthenticationError
from tgl_client.http.address import ServerUrl

_VARIABLE: Final = "environment variable "

#: What helps by the code of the refusal; `page` is that of the keys, `place` puts another key in place.
_BY_CODE: Final = {
    "inactive_api_key": "resume it at {page}, or create a new one there, then {place}",
    "network_not_allowed": (
        "{page} shows the networks that it may be used from; use it there, or create another one, then {place}"
    ),
    "insufficient_scope": "create one with the scopes sync:commits and read:repos at {page}, then {place}",
    "account_not_active": "ask whoever runs the server to activate the account of its owner",
    "forbidden": "`tgl projects` shows your role in each project",
}


def advice(url: ServerUrl, refused: AuthenticationError, origin: str | None) -> str | None:
    """The hint for a refused key; None where the error's own says as much as is known."""
    page, place = f"{url}/settings/keys", _way_in(url, origin)
    if refused.code in _BY_CODE:
        return _BY_CODE[refused.code].format(page=page, place=place)
    return f"create a new key at {page}, then {place}" if refused.status == 401 else None


def _way_in(url: ServerUrl, origin: str | None) -> str:
    """How another key takes the place of the one from `origin`: a login stays without effect where others win."""
    if origin is not None and origin.startswith(_VARIABLE):
        name = origin.removeprefix(_VARIABLE)
        return f"put it into {name}, which wins over a login, or unset {name} and `tgl login {url}`"
    if origin is not None and not origin.endswith("login.json"):
        return f"put it into {origin}, which wins over a login"
    return f"`tgl login {url}`"
