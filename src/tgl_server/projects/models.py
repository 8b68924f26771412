"""The `projects`, `project_members` and `repos` tables."""

from datetime import datetime, timedelta
from typing import NewType
from uuid import UUID

from sqlalchemy import ForeignKey, Interval, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.commits import SyncStatus
from tgl_protocol.projects import MemberRole, SyncMethod
from tgl_server.db.base import Base, Dated, Identified, one_of

ProjectId = NewType("ProjectId", UUID)
RepoId = NewType("RepoId", UUID)


class Project(Identified, Dated, Base):
    """A collection of repositories, owned by its creator."""

    __tablename__ = "projects"

    slug: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default=text("''"), default="")
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)

    __table_args__ = (UniqueConstraint("slug", name="uq_projects_slug"),)


class ProjectMember(Dated, Base):
    """A user's place in a project; the owner needs none."""

    __tablename__ = "project_members"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(default=MemberRole.MEMBER)

    __table_args__ = (one_of("role", MemberRole),)


class Repo(Identified, Dated, Base):
    """A repository with its sync state. Counters are kept by the pushes themselves, never counted."""

    __tablename__ = "repos"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str]
    git_url: Mapped[str | None]
    sync_method: Mapped[str] = mapped_column(default=SyncMethod.PUSH_CLIENT)
    sync_status: Mapped[str] = mapped_column(server_default=text("'pending'"), default=SyncStatus.PENDING)
    error_message: Mapped[str | None]
    last_attempt_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_ingested_sha: Mapped[bytes | None]
    total_commits: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    expected_cadence: Mapped[timedelta | None] = mapped_column(Interval)
    last_error_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    learned_cadence: Mapped[timedelta | None] = mapped_column(Interval)
    learned_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("project_id", "name", name="uq_repos_project_id_name"),
        one_of("sync_method", SyncMethod),
        one_of("sync_status", SyncStatus),
        # Every batch updates its repository's row: room on the page keeps those updates off the indexes.
        {"postgresql_with": {"fillfactor": "50"}},
    )
