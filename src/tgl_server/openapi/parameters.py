"""Parameters as Litestar found them, put into the shape of the rest of the document."""

from collections.abc import Iterable, Mapping
from typing import Any

from litestar.handlers import HTTPRouteHandler

from tgl_protocol.http import REQUEST_ID_HEADER
from tgl_server.http.declarations import PathName, RequestHeader, RequestHeaders, declared
from tgl_server.http.decompression import CONTENT_ENCODINGS

_ORDER = ("path", "query", "header")

_EVERYWHERE: dict[str, Any] = {
    REQUEST_ID_HEADER: {
        "name": REQUEST_ID_HEADER,
        "in": "header",
        "description": "The caller's own id for this request; it is answered, logged and audited. Anything else than "
        "1 to 64 letters, digits, dots, hyphens and underscores is replaced by a new one.",
        "schema": {"type": "string"},
        "example": "build-4711.2",
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of an answer that the caller has: 304 without a body while it is still the answer.",
        "schema": {"type": "string"},
        "example": 'W/"5f2b51ca2fdc5baa31ec02e002f69aec"',
    },
    "Content-Encoding": {
        "name": "Content-Encoding",
        "in": "header",
        "description": "How the body is compressed. Limits count bytes after decompression.",
        "schema": {"type": "string", "enum": ["identity", *CONTENT_ENCODINGS], "default": "identity"},
    },
}


def parameters_of(
    path: str, raw: Iterable[dict[str, Any]], by_guards: Mapping[str, PathName], enums: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The operation's parameters: those of the path in its order (litestar-org/litestar#3644), then the others.

    Raises `LookupError` for one without a description. One whose title is that of an enum refers to it.
    """
    found = (_parameter(one, by_guards.get(one["name"]), enums) for one in raw)
    return sorted(found, key=lambda one: (_ORDER.index(one["in"]), _place(path, one)))


def _place(path: str, parameter: dict[str, Any]) -> int:
    return path.index(f"{{{parameter['name']}}}") if parameter["in"] == "path" else 0


def headers_of(handler: HTTPRouteHandler) -> tuple[RequestHeader, ...]:
    """The headers that the handler declares to read."""
    found = declared(handler, RequestHeaders)
    return found.headers if found else ()


def shared_parameters(handler: HTTPRouteHandler, *, has_body: bool, has_tag: bool) -> list[dict[str, str]]:
    """References to the headers that many operations read."""
    names = [header.name for header in headers_of(handler)]
    names += [name for name, is_read in (("Content-Encoding", has_body), ("If-None-Match", has_tag)) if is_read]
    return [{"$ref": f"#/components/parameters/{name}"} for name in [*names, REQUEST_ID_HEADER]]


def parameter_components(handlers: Iterable[HTTPRouteHandler]) -> dict[str, Any]:
    """The headers that `shared_parameters` refers to, by name."""
    headers = {header.name: header for handler in handlers for header in headers_of(handler)}
    return {name: _header(header) for name, header in sorted(headers.items())} | _EVERYWHERE


def _header(header: RequestHeader) -> dict[str, Any]:
    return {
        "name": header.name,
        "in": "header",
        "description": header.description,
        "schema": header.schema,
        "example": header.example,
    }


def _parameter(raw: dict[str, Any], by_guard: PathName | None, enums: Mapping[str, Any]) -> dict[str, Any]:
    name = raw["name"]
    description = by_guard.description if by_guard else raw.get("description")
    if not description:
        raise LookupError(f"The parameter {name} has no description.")
    described = {"name": name, "in": raw["in"], "description": description, "required": raw["required"]}
    examples = [by_guard.example] if by_guard else [each["value"] for each in raw.get("examples", {}).values()]
    example = {"example": examples[0]} if examples else {}
    return {**described, "schema": _schema(raw["schema"], enums), **example}


def _schema(raw: dict[str, Any], enums: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a parameter, without null: a parameter is left out instead."""
    if raw.get("title") in enums:
        return {"$ref": f"#/components/schemas/{raw['title']}"}
    kept = {key: _whole(value) for key, value in raw.items() if key not in ("oneOf", "description", "examples")}
    kinds = [kind for kind in raw.get("oneOf", []) if kind != {"type": "null"}]
    return {**kinds[0], **kept} if kinds else kept


def _whole(value: Any) -> Any:
    """The value, as an integer if it is whole: Litestar writes 200.0 for 200."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
