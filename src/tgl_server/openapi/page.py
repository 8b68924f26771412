"""The OpenAPI document as a page for people.

It is drawn by Redoc 2.5.4, which lies in `redoc/` as it was published, with its licences. Redoc only shows: the page
sends nothing, and takes no key. Its policy lets it load what this server serves, and nothing from elsewhere.
"""

import gzip
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from litestar import Request, Response, get

from tgl_server.settings import Settings

_REDOC = Path(__file__).parent / "redoc" / "redoc.standalone.js"
# With the version in its name, so that browsers may keep it.
_SCRIPT = "/redoc-2.5.4.js"
_KEEP = "public, max-age=31536000, immutable"
# Redoc makes its styles while it runs, and searches in a worker that it makes of a blob.
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
    """Browsers name HTML in `Accept`; programs that ask for anything get JSON."""
    return "text/html" in request.headers.get("accept", "")


def page(settings: Settings, path: str) -> Response[str]:
    """For the address at which the document is served."""
    return Response(
        _PAGE.format(title=escape(settings.api_title), path=path, script=_SCRIPT),
        media_type="text/html",
        headers={"Content-Security-Policy": _POLICY, "Vary": "Accept"},
    )


@get(_SCRIPT, sync_to_thread=True)
def script(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Redoc, packed for whoever takes it so."""
    headers = {"Cache-Control": _KEEP, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(_REDOC.read_bytes(), media_type="text/javascript", headers=headers)
    return Response(_packed(), media_type="text/javascript", headers={**headers, "Content-Encoding": "gzip"})


@cache
def _packed() -> bytes:
    return gzip.compress(_REDOC.read_bytes())
