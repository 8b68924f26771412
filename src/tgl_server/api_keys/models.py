"""The `api_keys` and `api_key_days` tables."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, CIDR, INET
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.db.base import Base, Dated, Identified


class ApiKeyRow(Identified, Dated, Base):
    """An API key without its secret; its usage columns are written outside requests, in transactions of their own."""

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
    #: SHA-256 of the Idempotency-Key that the key was made with, and of what was asked for.
    idempotency_hash: Mapped[bytes | None]
    request_hash: Mapped[bytes | None]
    #: How many days before its end its owner was last told of that.
    expiry_told: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        UniqueConstraint("prefix", name="uq_api_keys_prefix"),
        Index(
            "uq_api_keys_user_id_idempotency_hash",
            "user_id",
            "idempotency_hash",
            unique=True,
            postgresql_where=text("idempotency_hash IS NOT NULL"),
        ),
    )


class ApiKeyDay(Base):
    """One key's UTC day: requests, and those refused although the key was right; written like the columns of usage."""

    __tablename__ = "api_key_days"

    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    uses: Mapped[int]
    refused: Mapped[int]
