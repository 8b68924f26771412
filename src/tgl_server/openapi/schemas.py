"""JSON Schema of the Structs, made by msgspec, with dates and examples added.

Litestar's own schemas leave out limits of the Structs (litestar-org/litestar#3999).
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct, inspect

Schema = dict[str, Any]

_REF = "#/components/schemas/{name}"
_DATE = {"type": "string", "format": "date-time"}


def schema_of(type_: Any) -> Schema:
    """The schema of a type; for a Struct or an enum a reference."""
    (schema,), _ = msgspec.json.schema_components([type_], ref_template=_REF)
    return schema


def component_schemas(types: list[Any], examples: Iterable[Struct]) -> dict[str, Schema]:
    """The schemas of these types and of all that they contain, by name, with their examples."""
    _, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    for struct in _structs(types):
        _mark_dates(struct, schemas[struct.__name__])
    for example in examples:
        name = type(example).__name__
        if name in schemas:
            schemas[name]["examples"] = [msgspec.to_builtins(example)]
    return schemas


def action_names(actions: list[str]) -> Schema:
    """The enum of the audit actions of all features."""
    return {"type": "string", "enum": actions, "title": "AuditAction", "description": "`resource:what_happened`."}


def error_codes(codes: Iterable[str]) -> Schema:
    """The enum of `Problem.code`, which the wire contract leaves open for newer servers."""
    text = "Stable words for programs; `detail` is the sentence for people."
    return {"type": "string", "title": "ErrorCode", "description": text, "enum": sorted(set(codes))}


def _structs(types: list[Any]) -> set[type[Struct]]:
    """The Structs among these types and in their fields."""
    found: set[type[Struct]] = set()
    waiting: list[Any] = list(inspect.multi_type_info(types))
    while waiting:
        info = waiting.pop()
        if isinstance(info, inspect.StructType) and info.cls not in found:
            found.add(info.cls)
            waiting += [field.type for field in info.fields]
        waiting += [info.type] if isinstance(info, inspect.Metadata) else []
        waiting += [info.item_type] if isinstance(info, inspect.ListType) else []
        waiting += info.types if isinstance(info, inspect.UnionType) else []
    return found


def _kinds(info: inspect.Type) -> list[inspect.Type]:
    """The types of a union, without what is said about them."""
    if isinstance(info, inspect.Metadata):
        return _kinds(info.type)
    return [kind for each in info.types for kind in _kinds(each)] if isinstance(info, inspect.UnionType) else [info]


def _mark_dates(struct: type[Struct], schema: Schema) -> None:
    """Add the format of dates, which msgspec leaves out for a date that may have no time zone."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        if any(isinstance(kind, inspect.DateTimeType) for kind in _kinds(field.type)):
            written = schema["properties"][field.encode_name]
            for place in written.get("anyOf", [written]):
                place.update(_DATE if place["type"] == "string" else {})
