"""The tables of webhooks: the webhooks, what has been acted on, and the deliveries to show."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.webhooks import DeliveryOutcome, WebhookKind
from tgl_server.db.base import Base, Dated, Identified, one_of


class Webhook(Dated, Base):
    """A webhook with its sealed secrets; its id is random, as it is all that an unknown sender would have to guess."""

    __tablename__ = "webhooks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    repo_id: Mapped[UUID] = mapped_column(ForeignKey("repos.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    sealed: Mapped[str]
    old_sealed: Mapped[str | None]
    old_until: Mapped[datetime | None]
    rotated_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None]

    __table_args__ = (one_of("kind", WebhookKind),)


class WebhookSeen(Base):
    """A hash of a delivery that was acted on: of its id, or of what its sender signed."""

    __tablename__ = "webhook_seen"

    hook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"), index=True)


class WebhookDelivery(Identified, Base):
    """Something that arrived at a webhook, and what it was answered."""

    __tablename__ = "webhook_deliveries"

    hook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"), index=True)
    delivery_id: Mapped[str | None]
    event: Mapped[str | None]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    status: Mapped[int] = mapped_column(Integer)
    run_id: Mapped[UUID | None]

    __table_args__ = (one_of("outcome", DeliveryOutcome), Index("ix_webhook_deliveries_hook_id_id", "hook_id", "id"))
