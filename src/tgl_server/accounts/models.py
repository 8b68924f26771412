"""The `users` table."""

from enum import StrEnum

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.db.base import Base, Dated, Identified, one_of


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
