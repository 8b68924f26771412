"""The OpenAPI document, served under `/schema`.

Litestar finds the paths and their parameters. `document.py` adds everything else from what the code already says:
docstrings, the tree of errors, the Structs of `tgl_protocol`, and the declarations of guards, handlers and features
(`http/declarations.py`, `http/feature.py`).
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import yaml
from litestar import Litestar, Request, Response, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin

from tgl_protocol.http import JSON_MEDIA_TYPE
from tgl_server import errors
from tgl_server.openapi.document import Document, complete
from tgl_server.openapi.page import page, script, wants_page
from tgl_server.settings import Settings

__all__ = ["Document", "openapi_config", "openapi_document"]

PATH = "/schema"


AnyRequest = Request[Any, Any, Any]


def openapi_config(settings: Settings, check: Callable[[AnyRequest], Awaitable[None]]) -> OpenAPIConfig:
    """The routes of the document: JSON under `/schema` and `/schema/openapi.json`, YAML under `/schema/openapi.yaml`.

    Browsers get a page under `/schema`. It is ours: Litestar's pages load their scripts from other hosts, which our
    Content-Security-Policy forbids. `check` is the application's `before_request`, in whose place ours runs here.
    """

    async def show_page(request: AnyRequest) -> Response[str] | None:
        await check(request)
        at_root = request.scope["path"].rstrip("/") == PATH
        return page(settings, PATH) if at_root and wants_page(request) else None

    return OpenAPIConfig(
        title=settings.api_title,
        version=settings.api_version,
        render_plugins=[
            _Rendered("/openapi.json", JSON_MEDIA_TYPE, msgspec.json.encode),
            _Rendered("/openapi.yaml", "application/yaml", _as_yaml),
        ],
        openapi_router=Router(
            PATH,
            route_handlers=[script],
            include_in_schema=False,
            before_request=show_page,
            after_request=_refuse_unknown_page,
        ),
    )


def openapi_document(app: Litestar) -> Document:
    """The whole document, as plain JSON values."""
    return complete(app, app.openapi_schema.to_schema())


class _Rendered(OpenAPIRenderPlugin):
    """The document in one format, made when it is first requested."""

    def __init__(self, path: str, media_type: str, encode: Callable[[Document], bytes]) -> None:
        super().__init__(path=path, media_type=media_type)  # type: ignore[arg-type] # any text will do
        self._encode = encode
        self._body: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        if self._body is None:
            self._body = self._encode(complete(request.app, openapi_schema))
        return self._body


def _as_yaml(document: Document) -> bytes:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode()


async def _refuse_unknown_page(response: Response[Any]) -> Response[Any]:
    """Raise our 404 for an unknown path under `/schema`, in place of the page that Litestar answers."""
    if response.status_code == errors.NotFound.status:
        raise errors.NotFound
    return response
