"""Accounts and signing in: registration, log-in, refresh, the caller's own account, and a commissioner's view of users.

Lengths are in characters. A text with U+0000 is refused wherever it comes in.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from tgl_protocol import http

MIN_PASSWORD_LENGTH: Final = 12
MAX_PASSWORD_LENGTH: Final = 1024


class Role(StrEnum):
    """A commissioner administers users and sees every project; the others see what they are members of."""

    COMMISSIONER = "commissioner"
    PLAYER = "player"
    SPECTATOR = "spectator"


class UserState(StrEnum):
    """A pending user sees nothing until approved; a retired one nothing any more."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRED = "retired"


# The format is documentation only: the server's own check says what is wrong in a sentence.
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


class Registration(Struct, frozen=True, kw_only=True):
    """Ask for an account; a commissioner approves it. The address itself is shown where no name is given."""

    email: Email
    password: NewPassword
    display_name: DisplayName = ""
    role: Literal["player", "spectator"] = "player"

    def __repr__(self) -> str:
        return f"Registration({self.email!r})"


class Credentials(Struct, frozen=True, kw_only=True):
    """What a person logs in with."""

    email: Email
    password: Password

    def __repr__(self) -> str:
        return f"Credentials({self.email!r})"


class RefreshRequest(Struct, frozen=True):
    """A refresh token works once; the answer has its successor."""

    refresh_token: Annotated[str, Meta(max_length=256)]

    def __repr__(self) -> str:
        return "RefreshRequest(...)"


class TokenPair(Struct, frozen=True, kw_only=True):
    """`expires_in` counts seconds; `refresh_expires_at` is when the session ends at the latest."""

    access_token: str
    refresh_token: str
    expires_in: int
    refresh_expires_at: datetime
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 -- its kind

    def __repr__(self) -> str:
        return "TokenPair(...)"


class PasswordChange(Struct, frozen=True):
    """Ends every other session of the account."""

    current_password: Password
    new_password: NewPassword

    def __repr__(self) -> str:
        return "PasswordChange(...)"


class UserInfo(Struct, frozen=True, kw_only=True):
    """A person, as a commissioner and they themselves see them."""

    id: UUID
    email: str
    display_name: str
    role: Role
    state: UserState
    created_at: datetime


class Me(UserInfo, frozen=True, kw_only=True):
    """The caller, and how they signed in. The `key_` fields are null for a session, `scopes` then has all."""

    signed_in_with: Literal["session", "api_key"]
    scopes: str
    key_id: UUID | None
    key_prefix: str | None
    key_repo_ids: list[UUID] | None


class UserChange(Struct, frozen=True):
    """What is not named stays. `active` approves a pending user and brings a retired one back."""

    role: Role | UnsetType = UNSET
    state: Literal["active", "retired"] | UnsetType = UNSET
    display_name: DisplayName | UnsetType = UNSET


class UserPage(Struct, frozen=True):
    """Newest first; `next_cursor` is null on the last page."""

    items: list[UserInfo]
    next_cursor: str | None
