"""The static files of the pages, read once and served under names that contain their hash, so that they never change.

Third-party files are in `vendor/` as published, with their licences; `vendor/SHA256SUMS` has their hashes.
"""

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath
from msgspec import Struct

from tgl_server.http.declarations import always_available
from tgl_server.limits.groups import RateGroup, limited_as

PATH = "/assets"

_WEB = Path(__file__).parent
_VENDOR = _WEB / "vendor"
_SOURCES = {
    "app.css": _WEB / "static" / "app.css",
    "app.js": _WEB / "static" / "app.js",
    "favicon.svg": _WEB / "static" / "favicon.svg",
    "archivo-narrow.woff2": _VENDOR / "archivo-narrow-5.3.0" / "archivo-narrow-latin-wght-normal.woff2",
    "archivo-narrow-ext.woff2": _VENDOR / "archivo-narrow-5.3.0" / "archivo-narrow-latin-ext-wght-normal.woff2",
    "public-sans.woff2": _VENDOR / "public-sans-5.3.0" / "public-sans-latin-wght-normal.woff2",
    "public-sans-ext.woff2": _VENDOR / "public-sans-5.3.0" / "public-sans-latin-ext-wght-normal.woff2",
}
_ICONS = _VENDOR / "lucide-static-1.62.0"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_KEEP = "public, max-age=31536000, immutable"
_CSS_URL = re.compile(r'url\("([^"]+)"\)')
_SVG_ELEMENT = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


class Asset(Struct, frozen=True):
    """A file as it is served; `packed` is None for one that gzip does not make smaller."""

    url: str
    media_type: str
    content: bytes
    packed: bytes | None


@cache
def _asset(name: str) -> Asset:
    content = _content(name)
    stem, _, suffix = name.rpartition(".")
    url = f"{PATH}/{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
    packed = gzip.compress(content, mtime=0)
    return Asset(url, _TYPES[f".{suffix}"], content, packed if len(packed) < len(content) * 0.9 else None)


def _content(name: str) -> bytes:
    if name == "icons.svg":
        return _sprite()
    content = _SOURCES[name].read_bytes()
    if name.endswith(".css"):
        return _CSS_URL.sub(lambda found: f'url("{asset_url(found[1])}")', content.decode()).encode()
    return content


def _sprite() -> bytes:
    """All icons in one file, each a symbol with the icon's name."""
    symbols = [
        f'<symbol id="{path.stem}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round">{_drawing(path)}</symbol>'
        for path in sorted(_ICONS.glob("*.svg"))
    ]
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'.encode()


def _drawing(path: Path) -> str:
    found = _SVG_ELEMENT.search(path.read_text())
    assert found is not None
    return " ".join(found[1].split())


def asset_url(name: str) -> str:
    """The address of an asset, such as `app.css`."""
    return _asset(name).url


@cache
def _by_url() -> dict[str, Asset]:
    assets = [_asset(name) for name in (*_SOURCES, "icons.svg")]
    return {asset.url: asset for asset in assets}


@get(f"{PATH}/{{file:str}}", sync_to_thread=False, opt=always_available() | limited_as(RateGroup.UNLIMITED))
def serve_asset(request: Request[Any, Any, Any], file: FromPath[str]) -> Response[bytes]:
    """A static file; browsers keep it for good."""
    asset = _by_url().get(f"{PATH}/{file}")
    if asset is None:
        return Response(b"", status_code=404, media_type="text/plain")
    headers = {"Cache-Control": _KEEP, "Vary": "Accept-Encoding"}
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(asset.content, media_type=asset.media_type, headers=headers)
