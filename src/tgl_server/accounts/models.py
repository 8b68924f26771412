"""The `users`, `auth_sessions` and `refresh_tokens` tables."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.accounts import Role, UserState
from tgl_server.db.base import Base, Dated, Identified, one_of

__all__ = ["AuthSession", "RefreshToken", "Role", "SessionEnd", "User", "UserState"]


class SessionEnd(StrEnum):
    """Why a session ended before its time."""

    LOGGED_OUT = "logged_out"
    TOKEN_REUSED = "token_reused"  # noqa: S105 -- a reason, not a secret
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 -- a reason, not a secret
    RETIRED = "retired"
    SIGNED_OUT_ELSEWHERE = "signed_out_elsewhere"


class LinkKind(StrEnum):
    """What a link that works once is for."""

    INVITATION = "invitation"
    NEW_PASSWORD = "new_password"  # noqa: S105 -- a purpose, not a secret
    SIGN_IN = "sign_in"


class User(Identified, Dated, Base):
    """A person. Without a password hash they cannot log in, but their API keys work."""

    __tablename__ = "users"

    email: Mapped[str]
    display_name: Mapped[str]
    password_hash: Mapped[str | None]
    role: Mapped[str]
    state: Mapped[str] = mapped_column(default=UserState.PENDING)
    #: The address was given by whoever made the account, and not by somebody who registered with it.
    email_confirmed: Mapped[bool] = mapped_column(server_default=text("false"), default=False)

    __table_args__ = (
        one_of("role", Role),
        one_of("state", UserState),
        # One account per address, however it is written.
        Index("uq_users_email", text("lower(email)"), unique=True),
    )


class AuthSession(Identified, Dated, Base):
    """One login, read on each request: with the family of refresh tokens that came from it, or with a cookie."""

    __tablename__ = "auth_sessions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None]
    #: The SHA-256 of the cookie, for a session of a browser.
    cookie_hash: Mapped[bytes | None]
    #: When a browser last used it, to within a few minutes.
    last_seen_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("end_reason", SessionEnd),
        Index("uq_auth_sessions_cookie_hash", "cookie_hash", unique=True),
    )


class RefreshToken(Dated, Base):
    """A refresh token as its SHA-256, which is enough as it is random; used ones are kept, to recognise their reuse.

    A used one has the salt of its successor and the client that used it.
    """

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("auth_sessions.id", ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime | None]
    successor_salt: Mapped[bytes | None]
    used_network: Mapped[str | None]
    used_user_agent: Mapped[str | None]


class OneTimeLinkRow(Dated, Base):
    """A link that works once, as the SHA-256 of its token; `made_by` is null for the command line."""

    __tablename__ = "one_time_links"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    made_by: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (one_of("kind", LinkKind),)
