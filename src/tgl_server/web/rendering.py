"""Rendering of templates: one Jinja environment, which escapes everything and knows no undefined name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response
from markupsafe import Markup

import tgl_protocol
from tgl_protocol.visible import visible
from tgl_server.http.request_context import context_of
from tgl_server.web import charts, words
from tgl_server.web.assets import asset_url
from tgl_server.web.filters import Filters
from tgl_server.web.flash import FORGET_FLASH, flash_of
from tgl_server.web.policy import PAGE_HEADERS
from tgl_server.web.preferences import chosen
from tgl_server.web.viewer import Viewer

AnyRequest = Request[Any, Any, Any]

_LAYOUT = "\n\r\t"


def _shown(value: object) -> object:
    """A value as every template shows it: characters that hide or reorder text as `\\u202e`, unless it is markup."""
    return visible(value, _LAYOUT) if isinstance(value, str) and not isinstance(value, Markup) else value


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    finalize=_shown,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals |= {"asset": asset_url, "charts": charts, "version": tgl_protocol.__version__}
_ENVIRONMENT.filters |= words.FILTERS


def page(
    request: AnyRequest,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response[str]:
    """A page; a message that an earlier request has left is shown once."""
    flash = flash_of(request)
    content = render(request, template, flash=flash, **values)
    answer = Response(content, status_code=status, media_type="text/html", headers={**PAGE_HEADERS, **(headers or {})})
    if flash is not None:
        answer.set_cookie(FORGET_FLASH)
    return answer


def fragment(request: AnyRequest, template: str, **values: Any) -> Response[str]:
    """A part of a page, for the script, which puts it into its place."""
    return Response(render(request, template, flash=None, **values), media_type="text/html", headers=PAGE_HEADERS)


def render(request: AnyRequest, template: str, **values: Any) -> str:
    """The text of a template."""
    context = context_of(request.scope)
    return _ENVIRONMENT.get_template(template).render(
        viewer=context.find(Viewer),
        path=request.scope["path"],
        preferred=chosen(request),
        request_id=context.request_id,
        unknown_values=asked.unknown if (asked := context.find(Filters)) else [],
        **values,
    )
