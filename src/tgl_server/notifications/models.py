"""The tables of notifications: what people chose, and what they are to be told next."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.notifications import NotificationKind
from tgl_server.db.base import Base, Dated, Identified, one_of


class Topic(StrEnum):
    """What one mail is about: things that a person wants together, and unsubscribes from together."""

    REPOS = "repos"
    KEYS = "keys"
    PEOPLE = "people"
    ACCOUNT = "account"

    @property
    def kinds(self) -> tuple[NotificationKind, ...]:
        return _KINDS[self]


_KINDS = {
    Topic.REPOS: (NotificationKind.REPO_FAILING, NotificationKind.REPO_STALE),
    Topic.KEYS: (NotificationKind.KEY_EXPIRING,),
    Topic.PEOPLE: (NotificationKind.ACCOUNT_PENDING,),
    Topic.ACCOUNT: (NotificationKind.ACCOUNT_CHANGED,),
}


class NotificationChoiceRow(Base):
    """What a person chose for everything; without a row, the rule of `queries.py` holds."""

    __tablename__ = "notification_choices"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    wanted: Mapped[bool]

    __table_args__ = (one_of("kind", NotificationKind),)


class ProjectNotificationChoiceRow(Base):
    """What a person chose for one project, which comes before what they chose for everything."""

    __tablename__ = "project_notification_choices"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[UUID] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    wanted: Mapped[bool]

    __table_args__ = (one_of("kind", NotificationKind),)


class Notice(Identified, Dated, Base):
    """An event that somebody is to be told of; deleted in the transaction that puts their mail into the queue."""

    __tablename__ = "notices"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    topic: Mapped[str]
    event_id: Mapped[UUID]
    type: Mapped[str]
    project_id: Mapped[UUID | None]
    repo_id: Mapped[UUID | None]
    about_user_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    at: Mapped[datetime]

    __table_args__ = (
        one_of("topic", Topic),
        UniqueConstraint("user_id", "event_id", name="uq_notices_user_id_event_id"),
        Index("ix_notices_user_id_topic_created_at", "user_id", "topic", "created_at"),
    )
