"""Putting the document together: one pass over the routes, one over the types that they name."""

import json
import re
from collections.abc import Iterable, Iterator
from inspect import signature
from typing import Any

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.serialization import encode_json

from tgl_protocol.http import JSON_MEDIA_TYPE, MSGPACK_MEDIA_TYPE, NDJSON_MEDIA_TYPE
from tgl_protocol.problem import Problem
from tgl_server.openapi.access import SECURITY_SCHEMES, security_of, who_may
from tgl_server.openapi.examples import stream_example
from tgl_server.openapi.headers import ANSWER_HEADERS, answer_headers
from tgl_server.openapi.operations import OWN_ERRORS, RAW_BODIES, STREAMS, TAGS, TEXTS
from tgl_server.openapi.parameters import SHARED, names_a_run, parameters_of, shared_parameters
from tgl_server.openapi.refusals import (
    ErrorType,
    error_example,
    error_responses,
    errors_of,
    is_limited,
    shared_responses,
)
from tgl_server.openapi.schemas import component_schemas, schema_of

Document = dict[str, Any]

_DESCRIPTION = """\
Git history as a league: clients push the metadata of commits, and this API stores and answers it.

**Errors** are `application/problem+json` (RFC 9457), everywhere the same shape. `code` is a stable word for programs,
`detail` a sentence for people, and `request_id` names the request in the server's log.

**Lists** come in pages: `next_cursor` of one page is `cursor` of the next, and null on the last.

**Unknown fields** of a body are ignored. Paths work with and without a trailing slash.
"""


def complete(app: Litestar, raw: dict[str, Any]) -> Document:
    """The document, from Litestar's own, of which the paths and parameters are kept."""
    found = json.loads(encode_json({"paths": raw["paths"], "schemas": _enums(raw)}))
    handlers = dict(_handlers(app))
    for handler in handlers.values():
        _take_back(handler)
    _refuse_leftovers({handler.handler_name for handler in handlers.values()})
    operations = {where: _Operation(where[0], handler, _raw(found, where)) for where, handler in handlers.items()}
    paths: dict[str, Any] = {}
    for (path, method), operation in sorted(operations.items()):
        paths.setdefault(path, {})[method] = operation.described()
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": raw["info"]["title"],
            "version": raw["info"]["version"],
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": _components(operations.values(), found["schemas"]),
    }
    # Through JSON, so that what was an enum is text, for YAML as well.
    plain: Document = json.loads(msgspec.json.encode(document))
    return plain


class _Operation:
    """One handler under one path, and what the document says about it."""

    def __init__(self, path: str, handler: HTTPRouteHandler, raw: dict[str, Any]) -> None:
        self.handler = handler
        self.id = handler.handler_name
        self.tags = raw["tags"]
        self.body, self.is_body_needed = _body(handler)
        self.answer = _answer(handler)
        self.parameters = parameters_of(path, raw.get("parameters") or [])
        self.has_body = self.body is not None
        places = {one["in"] for one in self.parameters} | ({"header"} if names_a_run(handler) else set())
        self.errors: list[ErrorType] = errors_of(handler, places, has_body=self.has_body)

    def described(self) -> dict[str, Any]:
        text = " ".join((self.handler.fn.__doc__ or "").split())
        shared = shared_parameters(self.handler, has_body=self.has_body)
        operation = {
            "operationId": self.id,
            "summary": re.split(r"[.;:?] |[.?]$", text)[0],
            "description": f"{text}\n\n**Who:** {who_may(self.handler)}",
            "tags": self.tags,
            "security": security_of(self.handler),
            "parameters": [*self.parameters, *shared],
        }
        if self.has_body:
            operation["requestBody"] = {"required": self.is_body_needed, "content": self._body_content()}
        operation["responses"] = {str(self.handler.status_code): self._success(), **error_responses(self.errors)}
        return operation

    def _body_content(self) -> dict[str, Any]:
        if self.id not in STREAMS:
            media_types = [JSON_MEDIA_TYPE, MSGPACK_MEDIA_TYPE] if self.id in RAW_BODIES else [JSON_MEDIA_TYPE]
            return {name: {"schema": schema_of(self.body)} for name in media_types}
        lines = {"type": "string", "description": f"One `{self.body.__name__}` a line, as JSON"}
        return {NDJSON_MEDIA_TYPE: {"schema": lines, "example": stream_example(self.body)}}

    def _success(self) -> dict[str, Any]:
        headers = answer_headers(is_limited=is_limited(self.handler), is_file=self.id == "list_audit_logs")
        content = {JSON_MEDIA_TYPE: {"schema": schema_of(self.answer)}} if self.answer is not None else {}
        content |= {name: {"schema": {"type": "string"}} for name in TEXTS.get(self.id, [])}
        described = {"description": _described(self.answer), "headers": headers}
        return {**described, "content": content} if content else described


def _handlers(app: Litestar) -> Iterator[tuple[tuple[str, str], HTTPRouteHandler]]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler, _ in route.route_handler_map.values():
            if handler.resolve_include_in_schema():
                for method in handler.http_methods:
                    yield (route.path_format, method.lower()), handler


def _take_back(handler: HTTPRouteHandler) -> None:
    """While Litestar writes its document it adds a path's parameters to handlers that do not take them.

    Left there, they would change what the server answers from then on: a missing body as an invalid parameter.
    """
    parameters = handler.parsed_fn_signature.parameters
    for invented in parameters.keys() - signature(handler.fn).parameters.keys():
        del parameters[invented]


def _raw(found: dict[str, Any], where: tuple[str, str]) -> dict[str, Any]:
    operation: dict[str, Any] = found["paths"][where[0]][where[1]]
    return operation


def _enums(raw: dict[str, Any]) -> dict[str, Any]:
    """Those that parameters name, which no body does."""
    return {name: schema for name, schema in raw["components"]["schemas"].items() if "enum" in schema}


def _body(handler: HTTPRouteHandler) -> tuple[Any, bool]:
    """The type of the request's body, None without one, and whether it must be there."""
    if handler.handler_name in RAW_BODIES:
        return RAW_BODIES[handler.handler_name], True
    field = handler.parsed_data_field
    if field is None:
        return None, False
    inner = [type_ for type_ in field.args if type_ is not type(None)] if field.is_optional else [field.annotation]
    return inner[0], not field.is_optional


def _answer(handler: HTTPRouteHandler) -> Any:
    declared = (handler.responses or {}).get(handler.status_code)
    type_ = declared.data_container if declared else handler.parsed_return_field.annotation
    return None if type_ in (None, type(None), Response[bytes]) else type_


def _described(type_: Any) -> str:
    text = type_.__doc__ if isinstance(type_, type) and issubclass(type_, msgspec.Struct) else None
    return " ".join((text or "Done").split())


def _components(operations: Iterable[_Operation], enums: dict[str, Any]) -> dict[str, Any]:
    operations = list(operations)
    types = [type_ for one in operations for type_ in (one.body, one.answer) if type_ is not None]
    found = {error.code: error for one in operations for error in one.errors}
    return {
        "securitySchemes": SECURITY_SCHEMES,
        "schemas": dict(sorted({**enums, **component_schemas([*types, Problem])}.items())),
        "parameters": SHARED,
        "headers": ANSWER_HEADERS,
        "responses": shared_responses(one.errors for one in operations),
        "examples": {code: error_example(error) for code, error in sorted(found.items())},
    }


def _refuse_leftovers(names: set[str]) -> None:
    """A table's entry for a handler that is gone."""
    left = (OWN_ERRORS.keys() | RAW_BODIES.keys() | TEXTS.keys()) - names
    if left:
        raise LookupError(f"tgl_server.openapi.operations names what no handler is called: {', '.join(sorted(left))}")
