"""The `audit_logs` table. Triggers refuse UPDATE and TRUNCATE, and DELETE of rows that are not older than a cutoff."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.audit.actions import AuditOutcome
from tgl_server.db.base import Base, Identified, one_of


class AuditLog(Identified, Base):
    """One act or one refusal; it names users and keys without foreign keys, since it outlives them."""

    __tablename__ = "audit_logs"

    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    action: Mapped[str]
    outcome: Mapped[str]
    actor_user_id: Mapped[UUID | None]
    actor_key_id: Mapped[UUID | None]
    resource_type: Mapped[str | None]
    resource_id: Mapped[str | None]
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None]
    request_id: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))

    __table_args__ = (
        Index("ix_audit_logs_at_id", "at", "id"),
        Index("ix_audit_logs_action_at", "action", "at"),
        Index("ix_audit_logs_refused_at", "at", postgresql_where=text("outcome = 'refused'")),
        Index("ix_audit_logs_actor_user_id_at", "actor_user_id", "at"),
        Index("ix_audit_logs_resource_type_resource_id_at", "resource_type", "resource_id", "at"),
    )


class AuditCutoff(Base):
    """The time before which rows of one outcome may be deleted; never within the last 30 days."""

    __tablename__ = "audit_cutoffs"

    outcome: Mapped[str] = mapped_column(primary_key=True)
    cutoff: Mapped[datetime]

    __table_args__ = (
        one_of("outcome", AuditOutcome),
        CheckConstraint("cutoff <= now() - interval '30 days'", name="cutoff"),
    )
