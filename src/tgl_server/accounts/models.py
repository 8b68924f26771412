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


class User(Identified, Dated, Base):
    """A person. Without a password hash nobody can log in as them; their API keys work all the same."""

    __tablename__ = "users"

    email: Mapped[str]
    display_name: Mapped[str]
    password_hash: Mapped[str | None]
    role: Mapped[str]
    state: Mapped[str] = mapped_column(default=UserState.PENDING)

    __table_args__ = (
        one_of("role", Role),
        one_of("state", UserState),
        # One account per address, however it is written.
        Index("uq_users_email", text("lower(email)"), unique=True),
    )


class AuthSession(Identified, Dated, Base):
    """One log-in: the family of all refresh tokens that came from it. Read on each request with its access token."""

    __tablename__ = "auth_sessions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None]

    __table_args__ = (one_of("end_reason", SessionEnd),)


class RefreshToken(Dated, Base):
    """The SHA-256 of a token; it is random, so nothing slower is needed. Used ones stay, to be recognised."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("auth_sessions.id", ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime | None]
