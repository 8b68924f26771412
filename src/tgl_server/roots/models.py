"""The `repo_roots` table."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.db.base import Base


class RepoRoot(Base):
    """A stored commit without parents."""

    __tablename__ = "repo_roots"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha: Mapped[bytes] = mapped_column(primary_key=True)
