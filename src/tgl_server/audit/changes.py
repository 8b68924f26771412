"""The one shape of changes in the audit log: `changed: {field: {"from": ..., "to": ...}}`, for every feature."""

from collections.abc import Mapping
from typing import Any

Changed = dict[str, dict[str, Any]]

_BEFORE_AND_AFTER = {"from", "to"}


def apply_changes(row: object, values: Mapping[str, Any]) -> Changed:
    """Set the values that differ from the row's, and return those changes for the entry; empty if none differs."""
    changed = {}
    for name, value in values.items():
        before = getattr(row, name)
        if before != value:
            changed[name] = {"from": before, "to": value}
            setattr(row, name, value)
    return changed


def in_todays_shape(details: Mapping[str, Any]) -> dict[str, Any]:
    """The details of a stored entry in today's shape: rows never change, and older ones have two other shapes.

    Users and keys had their fields beside the other details; projects, members and repositories had `old` and `new`.
    """
    beside = {name: value for name, value in details.items() if _is_change(value)}
    within = {name: _renamed(value) for name, value in _mapping(details.get("changed")).items()}
    changed = {**beside, **within}
    kept = {name: value for name, value in details.items() if name not in beside}
    return {**kept, "changed": changed} if changed else kept


def _is_change(value: object) -> bool:
    return isinstance(value, Mapping) and value.keys() == _BEFORE_AND_AFTER


def _renamed(value: object) -> object:
    if isinstance(value, Mapping) and value.keys() == {"old", "new"}:
        return {"from": value["old"], "to": value["new"]}
    return value


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
