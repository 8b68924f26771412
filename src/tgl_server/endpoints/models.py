"""The tables of endpoints and of the messages to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.endpoints import DeliveryState
from tgl_server.db.base import Base, Dated, Identified, one_of


class Endpoint(Dated, Base):
    """An endpoint with its sealed secrets; the receiver may have asked to be left alone until `not_before`."""

    __tablename__ = "endpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    url: Mapped[str]
    types: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    switched_off_reason: Mapped[str | None]
    not_before: Mapped[datetime | None]
    sealed: Mapped[str]
    old_sealed: Mapped[str | None]
    old_until: Mapped[datetime | None]
    rotated_at: Mapped[datetime | None]
    #: Events before that are not sent.
    active_since: Mapped[datetime] = mapped_column(server_default=text("now()"))
    created_by: Mapped[UUID | None]


class EndpointDelivery(Identified, Dated, Base):
    """A message to an endpoint; `n` is the order in which those of one repository are sent."""

    __tablename__ = "endpoint_deliveries"

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("endpoints.id", ondelete="CASCADE"))
    message_id: Mapped[UUID]
    type: Mapped[str]
    repo_id: Mapped[UUID | None]
    body: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    last_attempt_at: Mapped[datetime | None]
    last_status: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str | None]
    last_answer: Mapped[str | None]

    __table_args__ = (
        one_of("state", DeliveryState),
        Index("ix_endpoint_deliveries_endpoint_id_n", "endpoint_id", "n"),
        Index(
            "ix_endpoint_deliveries_pending",
            "endpoint_id",
            "repo_id",
            "n",
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_endpoint_deliveries_failed", "endpoint_id", postgresql_where=text("state = 'failed'")),
        Index("ix_endpoint_deliveries_created_at", "created_at"),
    )
