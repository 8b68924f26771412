"""The `device_logins` table."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, INET
from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.db.base import Base, Dated, Identified, one_of


class LoginState(StrEnum):
    """How far a login has come; only one that is approved has a key to collect, once."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
    COLLECTED = "collected"


class DeviceLogin(Identified, Dated, Base):
    """A machine's login, with the SHA-256 of both codes. There is no key in it: that is made as it is collected."""

    __tablename__ = "device_logins"

    device_code_hash: Mapped[bytes]
    user_code_hash: Mapped[bytes]
    state: Mapped[str]
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    expires_in_days: Mapped[int]
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None]
    expires_at: Mapped[datetime]
    #: The pause that the machine must keep, longer each time that it does not.
    interval_seconds: Mapped[int]
    last_polled_at: Mapped[datetime | None]
    #: Who has approved or declined it.
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)

    __table_args__ = (
        one_of("state", LoginState),
        Index("uq_device_logins_device_code_hash", "device_code_hash", unique=True),
        Index("uq_device_logins_user_code_hash", "user_code_hash", unique=True),
        Index("ix_device_logins_expires_at", "expires_at"),
    )
