"""The `projects`, `project_members` and `repos` tables. What pushes change is in `repo_states` instead."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, Interval, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.projects import MemberRole, SyncMethod
from tgl_server.db.base import Base, Dated, Identified, one_of


class Project(Identified, Dated, Base):
    """A collection of repositories, owned by its creator."""

    __tablename__ = "projects"

    slug: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default=text("''"), default="")
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)

    __table_args__ = (UniqueConstraint("slug", name="uq_projects_slug"),)


class ProjectMember(Dated, Base):
    """A user's role in a project; the owner needs no row."""

    __tablename__ = "project_members"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(default=MemberRole.MEMBER)

    __table_args__ = (one_of("role", MemberRole),)


class Repo(Identified, Dated, Base):
    """A registered repository; its sync state is `tgl_server.commits.models.RepoState`."""

    __tablename__ = "repos"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str]
    git_url: Mapped[str | None]
    sync_method: Mapped[str] = mapped_column(default=SyncMethod.PUSH_CLIENT)
    expected_cadence: Mapped[timedelta | None] = mapped_column(Interval)
    default_branch: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("project_id", "name", name="uq_repos_project_id_name"),
        one_of("sync_method", SyncMethod),
    )
