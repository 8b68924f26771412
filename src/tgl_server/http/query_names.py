"""Query parameters by name: one that no handler declares is refused, as it would filter nothing and nobody would know.

Which names an address takes is what Litestar found in the signatures of its handler and of the handler's dependencies.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request
from litestar.enums import ParamType
from litestar.handlers import BaseRouteHandler

from tgl_protocol.problem import FieldError
from tgl_server.errors import InvalidParameter
from tgl_server.http.declarations import AnyQuery, Page, declared
from tgl_server.http.text_rules import nearest_name, shown_name

AnyRequest = Request[Any, Any, Any]

# Finding the nearest name takes time for each, and anyone may send thousands.
_MOST_NAMED = 10


def names_checked() -> Callable[[AnyRequest], Awaitable[None]]:
    """Litestar's `before_request` of an application: it runs after the guards, before a body is read.

    Raises a 422 error that names each unknown parameter and each that was sent twice.
    """
    known: dict[BaseRouteHandler, frozenset[str]] = {}

    async def check(request: AnyRequest) -> None:
        query = request.scope["query_string"]
        if not query or request.method == "OPTIONS":
            return
        handler = request.route_handler
        if declared(handler, AnyQuery) is not None or declared(handler, Page) is not None:
            return  # people come to a page with whatever a mail or a search engine has added to its address
        if handler not in known:
            known[handler] = query_names(handler)
        sent = [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)]
        reasons = name_faults(sent, known[handler])
        if reasons:
            raise InvalidParameter(errors=reasons)

    return check


def query_names(handler: BaseRouteHandler) -> frozenset[str]:
    """The query parameters that a handler and its dependencies declare."""
    model = handler.create_kwargs_model(path_parameters={})
    return frozenset(each.field_alias for each in model.expected_query_params if each.param_type is ParamType.QUERY)


def parameters_by_argument(handler: BaseRouteHandler) -> dict[str, tuple[str, Any]]:
    """The name in the request and the type of each parameter, by the argument of the handler or a dependency."""
    provided = handler.resolve_dependencies()
    found: dict[str, tuple[str, Any]] = {}
    waiting = [handler.parsed_fn_signature]
    while waiting:
        for name, field in waiting.pop().parameters.items():
            if name in provided:
                waiting.append(provided[name].parsed_fn_signature)
            else:
                found[name] = (getattr(field.kwarg_definition, "name", None) or name, field.annotation)
    return found


def name_faults(sent: Sequence[str], known: Collection[str]) -> list[FieldError]:
    """The reasons against the names of a query, as they were sent: unknown ones, and those that came twice."""
    unknown = islice((name for name in dict.fromkeys(sent) if name not in known), _MOST_NAMED)
    twice = (name for name in sorted(known) if sent.count(name) > 1)
    return [
        *(FieldError(_unknown(name, known), field=shown_name(name)) for name in unknown),
        *(FieldError("Given more than once; send it once", field=name) for name in twice),
    ]


def _unknown(name: str, known: Collection[str]) -> str:
    meant = nearest_name(name, known)
    if meant:
        return f"There is no such parameter here; did you mean `{meant}`?"
    taken = ", ".join(f"`{each}`" for each in sorted(known))
    return f"There is no such parameter here; there are {taken}" if taken else "There are no query parameters here"
