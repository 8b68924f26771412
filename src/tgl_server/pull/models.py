"""The tables of pulls: `repo_pulls`, which is the queue, and `pull_workers`, where workers give signs of life."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.db.base import Base, one_of


class Cause(StrEnum):
    """The reason for a pull: its schedule, somebody who asked for it, or a push that the remote told of."""

    SCHEDULE = "schedule"
    REQUEST = "request"
    WEBHOOK = "webhook"


class RepoPull(Base):
    """A repository's schedule, what is asked for, and the lease of the worker that pulls it now.

    `run_id` is the run that is under way, also after its worker was lost or gave it back: the next claim goes on with
    it. `requested_run_id` is one that somebody asked for and that no worker has taken yet.
    """

    __tablename__ = "repo_pulls"

    repo_id: Mapped[UUID] = mapped_column(ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True)
    cron: Mapped[str | None]
    timezone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    next_due_at: Mapped[datetime | None]

    #: From when on it may be claimed as requested.
    requested_at: Mapped[datetime | None]
    requested_by: Mapped[UUID | None]
    requested_cause: Mapped[str | None]
    requested_run_id: Mapped[UUID | None]
    cancel_requested_at: Mapped[datetime | None]

    #: When a tick last handed it out, so that others leave it alone for a while.
    queued_at: Mapped[datetime | None]
    run_id: Mapped[UUID | None]
    cause: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    #: When it was last claimed, also after the pull has ended.
    began_at: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    lease_owner: Mapped[str | None]

    #: Claims since the last end of a pull: each but the first followed a worker that was lost.
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    #: Failed pulls in a row, and how many of the last of them the remote refused.
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    refusals: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    #: The kind of the last of them, for metrics; empty after a success.
    failure_code: Mapped[str | None]
    paused_at: Mapped[datetime | None]
    paused_reason: Mapped[str | None]
    #: The address at that time; another one ends the pause.
    paused_url: Mapped[str | None]
    #: Who paused it; null for the server itself. Only people end what people have paused.
    paused_by: Mapped[UUID | None]

    mirror_host: Mapped[str | None]
    mirror_bytes: Mapped[int | None]
    mirrored_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("cause", Cause),
        one_of("requested_cause", Cause),
        Index("ix_repo_pulls_next_due_at", "next_due_at"),
    )


class PullPause(Base):
    """The row that is there while no pull begins anywhere, as somebody said on the command line."""

    __tablename__ = "pull_pause"

    is_paused: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    paused_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    reason: Mapped[str]

    __table_args__ = (CheckConstraint("is_paused", name="one"),)


class PullWorker(Base):
    """A worker process that lives, or lived until `seen_at`; `disk_free` is of the folder of its mirrors, in bytes."""

    __tablename__ = "pull_workers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int] = mapped_column(Integer)
    version: Mapped[str]
    children: Mapped[int] = mapped_column(Integer)
    disk_free: Mapped[int | None]
    #: Hears the messages for its host.
    uses_broker: Mapped[bool] = mapped_column(server_default=text("false"))
    started_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
