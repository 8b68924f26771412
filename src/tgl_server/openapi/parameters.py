"""Parameters, as Litestar found them, put into the shape of the rest of the document."""

from collections.abc import Iterable
from typing import Any

from litestar.handlers import HTTPRouteHandler

from tgl_protocol.http import REQUEST_ID_HEADER, RUN_ID_HEADER
from tgl_server.decompression import CONTENT_ENCODINGS
from tgl_server.openapi.operations import PARAMETERS, PATH_EXAMPLES

_ORDER = ("path", "query", "header")

SHARED: dict[str, Any] = {
    RUN_ID_HEADER: {
        "name": RUN_ID_HEADER,
        "in": "header",
        "description": "A UUID of the client's choice that groups the batches of one push into one run",
        "schema": {"type": "string", "format": "uuid"},
        "example": "019c2f6e-8f5e-7071-b283-4e5f60718293",
    },
    REQUEST_ID_HEADER: {
        "name": REQUEST_ID_HEADER,
        "in": "header",
        "description": "The caller's own id for this request; it is answered, logged and audited. Anything else than "
        "1 to 64 letters, digits, dots, hyphens and underscores is replaced by a new one.",
        "schema": {"type": "string"},
        "example": "build-4711.2",
    },
    "Content-Encoding": {
        "name": "Content-Encoding",
        "in": "header",
        "description": "How the body is compressed. Limits count bytes after decompression.",
        "schema": {"type": "string", "enum": ["identity", *CONTENT_ENCODINGS], "default": "identity"},
    },
}


def parameters_of(path: str, raw: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the path in its order, which Litestar does not keep, then the others. Raises for one without a word."""
    return sorted((_parameter(one) for one in raw), key=lambda one: (_ORDER.index(one["in"]), _place(path, one)))


def _place(path: str, parameter: dict[str, Any]) -> int:
    return path.index(f"{{{parameter['name']}}}") if parameter["in"] == "path" else 0


def names_a_run(handler: HTTPRouteHandler) -> bool:
    """Whether it reads `TGL-Run-Id`, as `ingest.routes.provide_push` does."""
    return "push" in handler.parsed_fn_signature.parameters


def shared_parameters(handler: HTTPRouteHandler, *, has_body: bool) -> list[dict[str, str]]:
    """References to the headers that many operations read."""
    names = [*([RUN_ID_HEADER] if names_a_run(handler) else []), *(["Content-Encoding"] if has_body else [])]
    return [{"$ref": f"#/components/parameters/{name}"} for name in [*names, REQUEST_ID_HEADER]]


def _parameter(raw: dict[str, Any]) -> dict[str, Any]:
    name, is_path = raw["name"], raw["in"] == "path"
    description = (None if is_path else raw.get("description")) or PARAMETERS.get(name)
    if not description:
        raise LookupError(f"The parameter {name} has no description")
    described = {"name": name, "in": raw["in"], "description": description, "required": raw["required"]}
    example = {"example": PATH_EXAMPLES[name]} if is_path else {}
    return {**described, "schema": _schema(raw["schema"]), **example}


def _schema(raw: dict[str, Any]) -> dict[str, Any]:
    """A parameter is never null: it is left out."""
    kept = {key: _whole(value) for key, value in raw.items() if key not in ("oneOf", "description")}
    kinds = [kind for kind in raw.get("oneOf", []) if kind != {"type": "null"}]
    return {**kinds[0], **kept} if kinds else kept


def _whole(value: Any) -> Any:
    """Litestar writes 200.0 for 200."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
