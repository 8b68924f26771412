"""Features: what each declares about itself, and all those of an application together.

Each feature's `feature.py` holds its `Feature`, and `tgl_server/features.py` lists them; nothing else knows them all.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, cast

from litestar import Litestar
from litestar.datastructures import State
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from tgl_server.errors import ApiError
from tgl_server.sealing.columns import SealedColumn

_KEY = "features"


class Feature(Struct, frozen=True, kw_only=True):
    """Everything that a feature contributes; one without routes may still write the audit log."""

    routers: Sequence[ControllerRouterHandler] = ()
    #: Handlers served outside the API's prefix.
    at_root: Sequence[ControllerRouterHandler] = ()
    #: The document's description of each tag of its routers.
    tags: Mapping[str, str] = {}
    #: The error that a user gets who violates a constraint of its tables, by the constraint's name.
    constraints: Mapping[str, ApiError] = {}
    #: The actions that it writes into the audit log.
    actions: type[StrEnum] | None = None
    #: The columns of its tables that hold sealed secrets, which change with the keys.
    sealed: Sequence[SealedColumn] = ()
    #: An example of each body and answer.
    examples: Sequence[Struct] = ()


class Features(Struct, frozen=True):
    """All features of an application together; `actions` is sorted, the rest in the order of the features."""

    routers: list[ControllerRouterHandler]
    at_root: list[ControllerRouterHandler]
    tags: dict[str, str]
    constraints: dict[str, ApiError]
    actions: list[str]
    examples: list[Struct]


def gather(features: Sequence[Feature]) -> Features:
    """Put features together; raises `ValueError` if two of them declare the same tag, constraint or action."""
    actions = (dict.fromkeys(feature.actions or ()) for feature in features)
    return Features(
        routers=[router for feature in features for router in feature.routers],
        at_root=[router for feature in features for router in feature.at_root],
        tags=_merged("tag", (feature.tags for feature in features)),
        constraints=_merged("constraint", (feature.constraints for feature in features)),
        actions=sorted(str(action) for action in _merged("audit action", actions)),
        examples=[example for feature in features for example in feature.examples],
    )


def keep_features(state: State, features: Features) -> None:
    """Put the features into the state of an application that is being made."""
    state[_KEY] = features


def features_of(app: Litestar) -> Features:
    """The features of an application."""
    return cast("Features", app.state[_KEY])


def _merged(kind: str, parts: Iterable[Mapping[Any, Any]]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for part in parts:
        twice = found.keys() & part.keys()
        if twice:
            raise ValueError(f"Two features declare the {kind} {', '.join(sorted(twice))}.")
        found |= part
    return found
