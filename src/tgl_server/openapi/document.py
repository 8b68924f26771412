"""The document, assembled in one pass over the routes and one over the types that they name."""

import json
from collections.abc import Iterable, Iterator, Mapping
from inspect import signature
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.serialization import encode_json
from msgspec import Struct

from tgl_protocol.problem import Problem
from tgl_server import errors
from tgl_server.http.feature import features_of
from tgl_server.openapi.access import SECURITY_SCHEMES, security_scheme, token_of
from tgl_server.openapi.headers import ANSWER_HEADERS
from tgl_server.openapi.introduction import INTRODUCTION
from tgl_server.openapi.operations import Operation
from tgl_server.openapi.parameters import parameter_components
from tgl_server.openapi.refusals import error_example, shared_responses
from tgl_server.openapi.schemas import Schema, action_names, component_schemas, error_codes

Document = dict[str, Any]

# The errors of requests that match no operation.
_WITHOUT_ROUTE = [errors.MethodNotAllowed.code]


def complete(app: Litestar, raw: dict[str, Any]) -> Document:
    """The document, made from Litestar's, of which only paths and parameters are kept."""
    features = features_of(app)
    found = json.loads(encode_json({"paths": raw["paths"], "schemas": _enums(raw)}))
    enums: dict[str, Schema] = {**found["schemas"], "AuditAction": action_names(features.actions)}
    handlers = dict(_handlers(app))
    for handler in handlers.values():
        _take_back(handler)
    operations = {
        (path, method): Operation(path, handler, found["paths"][path][method], enums, features.examples)
        for (path, method), handler in handlers.items()
    }
    _refuse_untagged(operations.values(), features.tags)
    paths: dict[str, Any] = {}
    for (path, method), operation in sorted(operations.items()):
        paths.setdefault(path, {})[method] = operation.described()
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": raw["info"]["title"],
            "version": raw["info"]["version"],
            "description": INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in features.tags.items()],
        "paths": paths,
        "components": _components(list(operations.values()), enums, features.examples),
    }
    # Through JSON, so that enums become text, for YAML as well.
    plain: Document = json.loads(msgspec.json.encode(document))
    return plain


def _handlers(app: Litestar) -> Iterator[tuple[tuple[str, str], HTTPRouteHandler]]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler, _ in route.route_handler_map.values():
            if handler.resolve_include_in_schema():
                for method in handler.http_methods:
                    yield (route.path_format, method.lower()), handler


def _take_back(handler: HTTPRouteHandler) -> None:
    """Remove the path parameters that Litestar adds to the signature of handlers that do not take them.

    It does so while it writes its document (since litestar-org/litestar#3295). Left there, they would change later
    answers: a missing body would be an invalid parameter.
    """
    parameters = handler.parsed_fn_signature.parameters
    for invented in parameters.keys() - signature(handler.fn).parameters.keys():
        del parameters[invented]


def _refuse_untagged(operations: Iterable[Operation], tags: Mapping[str, str]) -> None:
    for operation in operations:
        if not operation.tags or not tags.keys() >= set(operation.tags):
            raise LookupError(f"The operation {operation.handler.handler_name} has no tag that a feature describes.")


def _enums(raw: dict[str, Any]) -> dict[str, Any]:
    """The enums that only parameters name, and no body."""
    return {name: schema for name, schema in raw["components"]["schemas"].items() if "enum" in schema}


def _components(operations: list[Operation], enums: dict[str, Schema], examples: list[Struct]) -> dict[str, Any]:
    types = [type_ for one in operations for type_ in (one.body, one.answer) if type_ is not None]
    found = {error.code: error for one in operations for error in one.errors}
    schemas = component_schemas([*types, Problem], examples)
    return {
        "securitySchemes": SECURITY_SCHEMES | _own_schemes(one.handler for one in operations),
        "schemas": _schemas(enums | schemas, [*found, *_WITHOUT_ROUTE]),
        "parameters": parameter_components(one.handler for one in operations),
        "headers": ANSWER_HEADERS,
        "responses": shared_responses(one.errors for one in operations),
        "examples": {code: error_example(error) for code, error in sorted(found.items())},
    }


def _own_schemes(handlers: Iterable[HTTPRouteHandler]) -> dict[str, Any]:
    return {token.name: security_scheme(token) for handler in handlers if (token := token_of(handler))}


def _schemas(found: dict[str, Schema], codes: list[str]) -> dict[str, Schema]:
    """The schemas with this server's error codes, which the wire contract leaves open."""
    schemas = {**found, "ErrorCode": error_codes(codes)}
    code = schemas["Problem"]["properties"]["code"]
    schemas["Problem"]["properties"]["code"] = {
        "allOf": [{"$ref": "#/components/schemas/ErrorCode"}],
        "description": code["description"],
    }
    return dict(sorted(schemas.items()))
