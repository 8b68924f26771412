"""The `follower_marks` table."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.db.base import Base


class FollowerMark(Base):
    """The position of one follower in one repository's ingest log; the process that holds its lock may follow."""

    __tablename__ = "follower_marks"

    repo_id: Mapped[UUID] = mapped_column(primary_key=True)
    follower: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]

    # A mark moves with each gulp: room on the page keeps those updates off the index.
    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)
