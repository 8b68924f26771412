"""The tables of the outbox: the events, and how far each of their readers is."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.db.base import Base, Identified


class EventRow(Identified, Base):
    """Something that happened; it names rows without foreign keys, since it may outlive them.

    `recorded` is the order of the inserts, `seq` the relay's number, in the order of the COMMITs: null at first.
    """

    __tablename__ = "events"

    recorded: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    seq: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    type: Mapped[str]
    project_id: Mapped[UUID | None]
    repo_id: Mapped[UUID | None]
    #: The person whom an event about a key or an account concerns.
    user_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    #: What there is one event of at the most.
    once: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("once", name="uq_events_once"),
        Index("uq_events_seq", "seq", unique=True),
        Index("ix_events_unnumbered", "recorded", postgresql_where=text("seq IS NULL")),
        Index("ix_events_project_id_seq", "project_id", "seq"),
    )


class EventMark(Base):
    """How far one reader of the events is; the relay's own is the last number that was given."""

    __tablename__ = "event_marks"

    reader: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
