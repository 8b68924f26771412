"""JSON Schema of the Structs: msgspec's own, which knows their limits, with dates and examples."""

from typing import Any

import msgspec
from msgspec import Struct, inspect

from tgl_server.openapi.examples import EXAMPLES

Schema = dict[str, Any]

_REF = "#/components/schemas/{name}"
_DATE = {"type": "string", "format": "date-time"}


def schema_of(type_: Any) -> Schema:
    """A reference for a Struct or an enum, the schema itself for anything else."""
    (schema,), _ = msgspec.json.schema_components([type_], ref_template=_REF)
    return schema


def component_schemas(types: list[Any]) -> dict[str, Schema]:
    """All that these types are made of, by name."""
    _, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    for struct in _structs(types):
        _mark_dates(struct, schemas[struct.__name__])
    for example in EXAMPLES:
        name = type(example).__name__
        if name in schemas:
            schemas[name]["examples"] = [msgspec.to_builtins(example)]
    return schemas


def _structs(types: list[Any]) -> set[type[Struct]]:
    """These and all that they hold."""
    found: set[type[Struct]] = set()
    waiting: list[Any] = list(inspect.multi_type_info(types))
    while waiting:
        info = waiting.pop()
        if isinstance(info, inspect.StructType) and info.cls not in found:
            found.add(info.cls)
            waiting += [field.type for field in info.fields]
        waiting += [info.item_type] if isinstance(info, inspect.ListType) else []
        waiting += info.types if isinstance(info, inspect.UnionType) else []
    return found


def _mark_dates(struct: type[Struct], schema: Schema) -> None:
    """msgspec leaves the format out where a date may come without a zone."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        kinds = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
        if any(isinstance(kind, inspect.DateTimeType) for kind in kinds):
            written = schema["properties"][field.encode_name]
            for place in written.get("anyOf", [written]):
                place.update(_DATE if place["type"] == "string" else {})
