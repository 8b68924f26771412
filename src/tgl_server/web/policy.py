"""The headers of every page: what a browser may load, send and keep."""

from collections.abc import Mapping
from typing import Final

#: Everything from this server and nothing inline. `same-origin`: with `no-referrer`, as the API has it, browsers send
#: `Origin: null` with a plain form, which `cross_site.py` could not tell from another site's.
PAGE_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept, Cookie",
}

#: Of a page that shows a secret this once: kept by no browser and no proxy, and never compressed, which could reveal
#: parts of it by its length.
SECRET_HEADERS: Final[Mapping[str, str]] = {"Cache-Control": "no-store, no-transform"}
