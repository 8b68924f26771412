"""The tables of chats: where messages go, and what is to be in the next ones."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.chat import ChatKind
from tgl_server.db.base import Base, Dated, Identified, one_of


class ChatHook(Dated, Base):
    """A chat with its sealed address; one process at a time has the lease and sends to it."""

    __tablename__ = "chat_hooks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    sealed: Mapped[str]
    shown: Mapped[str]
    failing: Mapped[bool]
    stale: Mapped[bool]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_by: Mapped[UUID | None]
    due_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    last_sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None]

    __table_args__ = (one_of("kind", ChatKind),)


class ChatNotice(Identified, Dated, Base):
    """An event that a chat is to be told of; deleted when it was."""

    __tablename__ = "chat_notices"

    hook_id: Mapped[UUID] = mapped_column(ForeignKey("chat_hooks.id", ondelete="CASCADE"))
    event_id: Mapped[UUID]
    type: Mapped[str]
    repo_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("hook_id", "event_id", name="uq_chat_notices_hook_id_event_id"),)
