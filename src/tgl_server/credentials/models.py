"""The `repo_credentials` and `repo_host_keys` tables."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.credentials import CredentialKind
from tgl_server.db.base import Base, one_of


class RepoCredential(Base):
    """What opens a repository's remote; `sealed` holds the secret, and with it what it may be used for."""

    __tablename__ = "repo_credentials"

    repo_id: Mapped[UUID] = mapped_column(ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str]
    username: Mapped[str]
    origin: Mapped[str]
    address: Mapped[str | None]
    sealed: Mapped[str]
    public_key: Mapped[str | None]
    set_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    set_by: Mapped[UUID | None]
    last_used_at: Mapped[datetime | None]
    last_refused_at: Mapped[datetime | None]

    __table_args__ = (one_of("kind", CredentialKind),)


class RepoHostKey(Base):
    """A public key that a maintainer has confirmed for the ssh host of a repository's remote."""

    __tablename__ = "repo_host_keys"

    repo_id: Mapped[UUID] = mapped_column(ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True)
    origin: Mapped[str] = mapped_column(primary_key=True)
    public_key: Mapped[str] = mapped_column(primary_key=True)
    confirmed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    confirmed_by: Mapped[UUID | None]
