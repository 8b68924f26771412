"""The `api_keys` table."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, CIDR, INET
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.db.base import Base, Dated, Identified


class ApiKeyRow(Identified, Dated, Base):
    """A key without its secret. The usage columns are written outside of requests, in their own transactions."""

    __tablename__ = "api_keys"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    rotated_to: Mapped[UUID | None]
    repo_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(PG_UUID(as_uuid=True)))
    networks: Mapped[list[str] | None] = mapped_column(ARRAY(CIDR))
    last_used_at: Mapped[datetime | None]
    last_used_ip: Mapped[str | None] = mapped_column(INET)
    last_user_agent: Mapped[str | None]
    usage_count: Mapped[int] = mapped_column(server_default=text("0"), default=0)

    __table_args__ = (UniqueConstraint("prefix", name="uq_api_keys_prefix"),)
