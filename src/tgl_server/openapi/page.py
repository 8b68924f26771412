"""The OpenAPI document as a page for people.

Redoc 2.5.4 draws it, and is in `redoc/` as it was published, with its licences. Redoc only displays: the page sends
nothing, and takes no key. It would fetch one picture from its makers' host, whose address is taken out of the script as
it is served, and the page's policy lets it load what this server serves, and nothing from elsewhere.
"""

import gzip
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from litestar import Request, Response, get

from tgl_server.settings import Settings

_REDOC = Path(__file__).parent / "redoc" / "redoc.standalone.js"
_FOREIGN_PICTURE = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
# The version is in the name, so that browsers may cache it for good.
_SCRIPT = "/redoc-2.5.4.js"
_KEEP = "public, max-age=31536000, immutable"
# Redoc makes its styles while it runs, and searches in a worker that it makes from a blob.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
    "worker-src blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>body {{ margin: 0 }}</style>
<redoc spec-url="{path}/openapi.json"></redoc>
<script src="{path}{script}"></script>
<noscript>This page needs JavaScript; <a href="{path}/openapi.yaml">the document itself</a> does not.</noscript>
</html>
"""


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """True for a browser, which names HTML in `Accept`; programs that accept anything get JSON."""
    return "text/html" in request.headers.get("accept", "")


def page(settings: Settings, path: str) -> Response[str]:
    """The page for the address at which the document is served."""
    return Response(
        _PAGE.format(title=escape(settings.api_title), path=path, script=_SCRIPT),
        media_type="text/html",
        headers={"Content-Security-Policy": _POLICY, "Vary": "Accept"},
    )


@get(_SCRIPT, sync_to_thread=True)
def script(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Redoc's script, compressed for clients that accept gzip."""
    headers = {"Cache-Control": _KEEP, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(_plain(), media_type="text/javascript", headers=headers)
    return Response(_packed(), media_type="text/javascript", headers={**headers, "Content-Encoding": "gzip"})


@cache
def _plain() -> bytes:
    return _REDOC.read_bytes().replace(_FOREIGN_PICTURE, b"data:,")


@cache
def _packed() -> bytes:
    return gzip.compress(_plain())
