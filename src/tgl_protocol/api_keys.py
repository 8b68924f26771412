"""API keys: making, listing, changing, rotating and revoking them, which all needs a session and not a key."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from tgl_protocol.about import about

MAX_KEY_NAME_LENGTH: Final = 100
MAX_EXPIRY_DAYS: Final = 365
MAX_KEY_REPOS: Final = 1000
MAX_KEY_NETWORKS: Final = 100
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
RepoIds = Annotated[list[UUID], Meta(min_length=1, max_length=MAX_KEY_REPOS)]
Networks = Annotated[list[Network], Meta(min_length=1, max_length=MAX_KEY_NETWORKS)]


class KeyState(StrEnum):
    """A key's state: `inactive` can be activated again; `revoked` and `expired` are final, and stay listed."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    EXPIRED = "expired"
    REVOKED = "revoked"


class NewKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to make; by default with both scopes, no expiry and no restriction."""

    name: Annotated[KeyName, about("What the key is for")]
    scopes: Annotated[Scopes, about("The key's rights, as a list or joined by commas")] = "sync:commits,read:repos"
    expires_in_days: Annotated[Days | None, about("Days until the key expires; null for never")] = None
    repo_ids: Annotated[RepoIds | None, about("The only repositories that the key reaches; null for all")] = None
    networks: Annotated[Networks | None, about("The only networks that may use it, as CIDR; null for all")] = None


class KeyChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes of a key; omitted fields stay. Scopes can only become fewer: for more, make a new key."""

    name: Annotated[KeyName | UnsetType, about("The new name")] = UNSET
    is_active: Annotated[bool | UnsetType, about("False pauses the key, true ends the pause")] = UNSET
    scopes: Annotated[Scopes | UnsetType, about("The rights that are left")] = UNSET


class KeyRotation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rotation: the old key works until the overlap ends; the new one lives as long as the old one was made to."""

    overlap_minutes: Annotated[
        Annotated[int, Meta(ge=0, le=MAX_OVERLAP_MINUTES)], about("Minutes for which the old key still works")
    ] = DEFAULT_OVERLAP_MINUTES


class KeyInfo(Struct, frozen=True, kw_only=True):
    """A key without its secret; `rotated_to` is the key that replaces it. Usage may be some seconds old."""

    id: Annotated[UUID, about("The key's id")]
    name: Annotated[str, about("What the key is for")]
    prefix: Annotated[str, about("The public first part of the key")]
    scopes: Annotated[str, about("The key's rights, joined by commas")]
    state: Annotated[KeyState, about("Whether the key works now")]
    is_active: Annotated[bool, about("False while the key is paused")]
    created_at: Annotated[datetime, about("When the key was made")]
    expires_at: Annotated[datetime | None, about("When the key expires; null for never")]
    revoked_at: Annotated[datetime | None, about("When it was revoked; null if it was not")]
    rotated_to: Annotated[UUID | None, about("The id of the key that replaces it; null without one")]
    repo_ids: Annotated[list[UUID] | None, about("The only repositories that it reaches; null for all")]
    networks: Annotated[list[str] | None, about("The only networks that may use it, as CIDR; null for all")]
    last_used_at: Annotated[datetime | None, about("When it was last used; null if never")]
    last_used_ip: Annotated[str | None, about("The address that used it last")]
    last_user_agent: Annotated[str | None, about("The program that used it last")]
    usage_count: Annotated[int, about("How many requests used it")]


class CreatedKey(KeyInfo, frozen=True, kw_only=True):
    """A new key, in the only answer that ever shows it in full."""

    full_key: Annotated[str, about("The secret to send; shown in this answer and never again")]

    def __repr__(self) -> str:
        return f"CreatedKey({self.prefix}_...)"


class KeyPage(Struct, frozen=True):
    """A page of keys in any state, newest first; `next_cursor` is null on the last page."""

    items: Annotated[list[KeyInfo], about("The keys of this page")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]
    total: Annotated[int | None, about("How many keys the filter matches")] = None


class KeyDay(Struct, frozen=True):
    """The requests of one UTC day that a key was used for, and those that were refused although it was the right key.

    A key is refused when it is paused, expired or revoked, its owner is not active, or the network is not allowed.
    """

    day: Annotated[date, about("The day, in UTC")]
    uses: Annotated[int, about("The requests made with the key")]
    refused: Annotated[int, about("The requests that were refused although it was the right key")]


class KeyUsage(Struct, frozen=True):
    """The last 30 days of a key, oldest first, with zeros for days without use; may be some seconds old."""

    days: Annotated[list[KeyDay], about("30 days, the oldest first")]
