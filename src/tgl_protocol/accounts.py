"""Accounts and signing in: registration, login, refresh, the caller's own account, and users for commissioners.

Lengths are in characters. A text with U+0000 is refused everywhere.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from tgl_protocol import http
from tgl_protocol.about import about

MIN_PASSWORD_LENGTH: Final = 12
MAX_PASSWORD_LENGTH: Final = 1024


class Role(StrEnum):
    """A user's role: a commissioner administers users and sees every project, the others see those they are in."""

    COMMISSIONER = "commissioner"
    PLAYER = "player"
    SPECTATOR = "spectator"


class UserState(StrEnum):
    """A user's state: a pending user sees nothing until approved, a retired one nothing any more."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRED = "retired"


# The format is for the document only: the server's own check has a better message.
Email = Annotated[
    str, Meta(max_length=http.MAX_EMAIL_LENGTH, extra_json_schema={"format": "email", "examples": ["ada@example.com"]})
]
DisplayName = Annotated[str, Meta(max_length=http.MAX_NAME_LENGTH, extra_json_schema={"examples": ["Ada Lovelace"]})]
Password = Annotated[
    str, Meta(max_length=MAX_PASSWORD_LENGTH, extra_json_schema={"examples": ["correct horse battery"]})
]
NewPassword = Annotated[
    str,
    Meta(
        min_length=MIN_PASSWORD_LENGTH,
        max_length=MAX_PASSWORD_LENGTH,
        extra_json_schema={"examples": ["correct horse battery"]},
    ),
]


class Registration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for an account, which a commissioner approves; without a name the address is shown."""

    email: Annotated[Email, about("The address to log in with, in upper or lower case")]
    password: Annotated[NewPassword, about("Stored as an Argon2id hash alone")]
    display_name: Annotated[DisplayName, about("The name that others see; empty for the address")] = ""
    role: Annotated[Literal["player", "spectator"], about("The wanted role; commissioners are made by others")] = (
        "player"
    )

    def __repr__(self) -> str:
        return f"Registration({self.email!r})"


class Credentials(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The credentials of a person who logs in."""

    email: Annotated[Email, about("The account's address, in upper or lower case")]
    password: Annotated[Password, about("The account's password")]

    def __repr__(self) -> str:
        return f"Credentials({self.email!r})"


class RefreshRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A refresh token, which works once; the answer has its successor."""

    refresh_token: Annotated[Annotated[str, Meta(max_length=256)], about("The newest refresh token of the session")]

    def __repr__(self) -> str:
        return "RefreshRequest(...)"


class TokenPair(Struct, frozen=True, kw_only=True):
    """A session's tokens; `expires_in` is in seconds, and the session ends at `refresh_expires_at` at the latest."""

    access_token: Annotated[str, about("A JWT for the Authorization header")]
    refresh_token: Annotated[str, about("Works once, for the next pair")]
    expires_in: Annotated[int, about("Seconds until the access token expires")]
    refresh_expires_at: Annotated[datetime, about("When the session ends at the latest")]
    token_type: Annotated[Literal["bearer"], about("How to send the access token")] = "bearer"  # noqa: S105 -- its kind

    def __repr__(self) -> str:
        return "TokenPair(...)"


class PasswordChange(Struct, frozen=True, forbid_unknown_fields=True):
    """A change of the caller's password, which ends every other session of the account."""

    current_password: Annotated[Password, about("The password that was valid up to now")]
    new_password: Annotated[NewPassword, about("The password from now on")]

    def __repr__(self) -> str:
        return "PasswordChange(...)"


class UserInfo(Struct, frozen=True, kw_only=True):
    """A user, as commissioners and the user see them."""

    id: Annotated[UUID, about("The user's id, which never changes")]
    email: Annotated[str, about("The address to log in with, in lower case")]
    display_name: Annotated[str, about("The name that others see")]
    role: Annotated[Role, about("The user's role on this server")]
    state: Annotated[UserState, about("Whether the account works")]
    created_at: Annotated[datetime, about("When the account was made")]


class Me(Struct, frozen=True, kw_only=True):
    """The caller, and how they signed in; for a session the `key_` fields are null and `scopes` has all.

    A key that is restricted to repositories, or only pushes, sees no people: `email` and `display_name` are null.
    """

    id: Annotated[UUID, about("The caller's user id")]
    email: Annotated[str | None, about("The caller's address; null to keys that see no people")]
    display_name: Annotated[str | None, about("The caller's name; null to keys that see no people")]
    role: Annotated[Role, about("The caller's role on this server")]
    state: Annotated[UserState, about("Whether the account works")]
    created_at: Annotated[datetime, about("When the account was made")]
    signed_in_with: Annotated[Literal["session", "api_key"], about("What the request was authenticated with")]
    scopes: Annotated[str, about("The caller's rights, joined by commas")]
    key_id: Annotated[UUID | None, about("The API key of the request")]
    key_prefix: Annotated[str | None, about("The public first part of that key")]
    key_repo_ids: Annotated[list[UUID] | None, about("The repositories that the key is restricted to; null for all")]


class UserChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Changes of a user; omitted fields stay. `active` approves a pending user and brings a retired one back."""

    role: Annotated[Role | UnsetType, about("The new role")] = UNSET
    state: Annotated[
        Literal["active", "retired"] | UnsetType, about("`active` approves or brings back, `retired` ends")
    ] = UNSET
    display_name: Annotated[DisplayName | UnsetType, about("The new name; empty for the address")] = UNSET


class UserPage(Struct, frozen=True):
    """A page of users, newest first; `next_cursor` is null on the last page."""

    items: Annotated[list[UserInfo], about("The users of this page")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]
    total: Annotated[int | None, about("How many users the filter matches")] = None
