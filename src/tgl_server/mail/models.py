"""The table of mails: those that wait, and for a time which were sent."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.db.base import Base, Dated, Identified, one_of


class MailState(StrEnum):
    """`refused` by the mail server; `expired` when it could not be sent for too long."""

    QUEUED = "queued"
    SENT = "sent"
    REFUSED = "refused"
    EXPIRED = "expired"


class OutgoingMail(Identified, Dated, Base):
    """A mail to somebody; `sealed` is what it says, until it is sent or given up."""

    __tablename__ = "outgoing_mail"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    sealed: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default=text("'queued'"))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    due_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("state", MailState),
        Index("ix_outgoing_mail_due_at", "due_at", postgresql_where=text("state = 'queued'")),
        Index("ix_outgoing_mail_done_at", "done_at", postgresql_where=text("state <> 'queued'")),
        Index("ix_outgoing_mail_user_id_kind", "user_id", "kind", "created_at"),
    )
