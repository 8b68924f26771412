"""What the pages of endpoints say of events and of deliveries. Pure."""

from collections.abc import Mapping
from typing import Final

from tgl_protocol.endpoints import DeliveryState
from tgl_protocol.events import EventType

#: What happened, as people say it; a type that a later version knows is shown by its name.
EVENTS: Final[Mapping[EventType, str]] = {
    EventType.RUN_FINISHED: "A push or pull ended well",
    EventType.RUN_FAILED: "A push or pull failed",
    EventType.COMMITS_STORED: "New commits were stored",
    EventType.REPO_FAILING: "A repository began to fail",
    EventType.REPO_STALE: "A repository became late",
    EventType.REPO_RECOVERED: "A repository recovered",
    EventType.REPO_BEHIND: "A forge told of a push that is not here yet",
    EventType.REPO_MIGRATED: "A repository moved between push and pull",
    EventType.WEEK_SEALED: "A week of a league was sealed",
    EventType.SEASON_CLOSED: "A season of a league was closed",
    EventType.KEY_CREATED: "An API key was made",
    EventType.KEY_CHANGED: "An API key was changed",
    EventType.KEY_REVOKED: "An API key was revoked",
    EventType.KEY_EXPIRING: "An API key is about to expire",
}
#: Those that are about no project, so that no endpoint is ever sent them.
OF_NO_PROJECT: Final = frozenset({EventType.ACCOUNT_PENDING, EventType.ACCOUNT_PASSWORD_CHANGED})

#: The look of a badge, its icon, and its words.
STATES: Final[Mapping[DeliveryState, tuple[str, str, str]]] = {
    DeliveryState.PENDING: ("queued", "hourglass", "Waits"),
    DeliveryState.DELIVERED: ("healthy", "circle-check", "Delivered"),
    DeliveryState.FAILED: ("failing", "octagon-alert", "Given up"),
}


def event_words(type_: str) -> str:
    """What an event of a type says to people; the type itself for one that this version does not know."""
    return "A test" if type_ == "test" else next((text for known, text in EVENTS.items() if known == type_), type_)
