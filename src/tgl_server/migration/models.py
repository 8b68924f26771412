"""The table of comparisons."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.db.base import Base


class RepoComparison(Base):
    """The last comparison of a repository that somebody asked for; until it has finished, a worker may claim it."""

    __tablename__ = "repo_comparisons"

    repo_id: Mapped[UUID] = mapped_column(ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True)
    requested_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    requested_by: Mapped[UUID | None]
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    finished_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error: Mapped[str | None]

    __table_args__ = (Index("ix_repo_comparisons_open", "requested_at", postgresql_where=text("finished_at IS NULL")),)
