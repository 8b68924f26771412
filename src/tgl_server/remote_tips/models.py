"""The `remote_tips` table."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.db.base import Base


class RemoteTip(Base):
    """A branch of a repository's remote; `behind_since` is when it was first told to be where its commits were not."""

    __tablename__ = "remote_tips"

    repo_id: Mapped[UUID] = mapped_column(ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    sha: Mapped[bytes]
    told_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    behind_since: Mapped[datetime] = mapped_column(server_default=text("now()"))
