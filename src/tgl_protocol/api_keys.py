"""API keys: making, listing, changing, rotating and revoking them. All of it needs a session, never a key."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

MAX_KEY_NAME_LENGTH: Final = 100
MAX_EXPIRY_DAYS: Final = 365
MAX_OVERLAP_MINUTES: Final = 7 * 24 * 60
DEFAULT_OVERLAP_MINUTES: Final = 60

KeyName = Annotated[
    str,
    Meta(min_length=1, max_length=MAX_KEY_NAME_LENGTH, extra_json_schema={"examples": ["build server"]}),
]
Days = Annotated[int, Meta(ge=1, le=MAX_EXPIRY_DAYS)]
ScopeText = Annotated[str, Meta(max_length=100, extra_json_schema={"examples": ["sync:commits,read:repos"]})]
ScopeList = Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(max_length=20)]
Scopes = ScopeText | ScopeList
Network = Annotated[str, Meta(max_length=50, extra_json_schema={"examples": ["203.0.113.0/24"]})]
RepoIds = Annotated[list[UUID], Meta(min_length=1, max_length=1000)]
Networks = Annotated[list[Network], Meta(min_length=1, max_length=100)]


class KeyState(StrEnum):
    """`inactive` can be activated again; `revoked` and `expired` are for good, and stay listed."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    EXPIRED = "expired"
    REVOKED = "revoked"


class NewKey(Struct, frozen=True, kw_only=True):
    """Both scopes, no expiry and no restriction, where nothing else is said."""

    name: KeyName
    scopes: Scopes = "sync:commits,read:repos"
    expires_in_days: Days | None = None
    repo_ids: RepoIds | None = None
    networks: Networks | None = None


class KeyChange(Struct, frozen=True, kw_only=True):
    """What is not named stays. Scopes can only become fewer: for more, make a new key."""

    name: KeyName | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET


class KeyRotation(Struct, frozen=True, kw_only=True):
    """The old key works until the overlap is over; the new one lives as long as the old one was made to."""

    overlap_minutes: Annotated[int, Meta(ge=0, le=MAX_OVERLAP_MINUTES)] = DEFAULT_OVERLAP_MINUTES


class KeyInfo(Struct, frozen=True, kw_only=True):
    """A key without its secret. `rotated_to` is the key that replaces it; usage may lag behind by some seconds."""

    id: UUID
    name: str
    prefix: str
    scopes: str
    state: KeyState
    is_active: bool
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    rotated_to: UUID | None
    repo_ids: list[UUID] | None
    networks: list[str] | None
    last_used_at: datetime | None
    last_used_ip: str | None
    last_user_agent: str | None
    usage_count: int


class CreatedKey(KeyInfo, frozen=True, kw_only=True):
    """The only answer that ever holds the whole key."""

    full_key: str

    def __repr__(self) -> str:
        return f"CreatedKey({self.prefix}_...)"


class KeyPage(Struct, frozen=True):
    """Newest first, whatever their state; `next_cursor` is null on the last page."""

    items: list[KeyInfo]
    next_cursor: str | None
