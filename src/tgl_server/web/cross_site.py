"""Protection against requests that other sites make with a visitor's cookie (CSRF), without tokens in forms.

Browsers say where a request comes from: `Sec-Fetch-Site`, or else `Origin`. docs/decisions/console-sessions.md.
"""

from litestar.handlers import BaseRouteHandler

from tgl_server import errors
from tgl_server.http.client_address import AnyConnection
from tgl_server.http.declarations import admits_anyone
from tgl_server.http.own_origin import own_origin
from tgl_server.services import services_of
from tgl_server.settings import Settings

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({"same-origin", "none"})


class CrossSiteRequest(errors.Forbidden):
    """This request came from another site; open the page here and try again."""

    code = "cross_site_request"


@admits_anyone(CrossSiteRequest)
async def same_site(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Anyone who reads; to change something, only a page of this server."""
    if connection.scope["method"] in _SAFE_METHODS:  # type: ignore[typeddict-item]
        return
    settings = services_of(connection).settings
    if not _is_ours(connection, settings):
        raise CrossSiteRequest


def _is_ours(connection: AnyConnection, settings: Settings) -> bool:
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site in _OURS
    origin = connection.headers.get("origin")
    return origin is not None and origin == own_origin(connection, settings)
