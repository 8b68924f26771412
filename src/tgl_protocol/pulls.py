"""Pulling: the schedule of a repository that the server fetches by itself, and where its pulls stand."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from tgl_protocol.about import about

MAX_CRON_LENGTH: Final = 200
MAX_TIMEZONE_LENGTH: Final = 100

Cron = Annotated[
    str,
    Meta(
        min_length=9,
        max_length=MAX_CRON_LENGTH,
        description="Minute, hour, day of the month, month, day of the week",
        examples=["*/15 * * * *"],
    ),
]
Timezone = Annotated[
    str, Meta(min_length=1, max_length=MAX_TIMEZONE_LENGTH, description="As in the tz database", examples=["UTC"])
]


class PullSchedule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When to pull a repository; without a cron expression it is pulled when somebody asks."""

    cron: Annotated[Cron | None, about("When to pull, as a cron expression; null for only when asked")]
    timezone: Annotated[Timezone, about("The time zone of the cron expression")] = "UTC"


class PullInfo(Struct, frozen=True, kw_only=True):
    """A repository's schedule, and where its pulls stand.

    After failures the next pull comes sooner than the schedule says; after five refusals in a row, or three workers
    that died, pulling is paused until somebody asks for a pull, or changes schedule, address or credentials. What a
    person has paused stays so until somebody resumes it, asks for a pull, or sets a schedule.
    """

    cron: Annotated[str | None, about("When it is pulled, as a cron expression; null for only when asked")]
    timezone: Annotated[str, about("The time zone of the cron expression")]
    next_due_at: Annotated[datetime | None, about("When it is pulled next; null without a schedule")]
    is_running: Annotated[bool, about("True while a worker pulls it")]
    running_run_id: Annotated[UUID | None, about("The run that is under way; null for none")]
    queued_run_id: Annotated[UUID | None, about("The run that somebody asked for and that waits; null for none")]
    cancel_requested_at: Annotated[datetime | None, about("When the running pull was told to stop; null if it was not")]
    failures: Annotated[int, about("Failed pulls in a row")]
    paused_at: Annotated[datetime | None, about("When pulling was paused; null while it is not")]
    paused_reason: Annotated[str | None, about("Why the server has paused it; null where a person has")]
    mirrored_at: Annotated[datetime | None, about("When the server last fetched it; null if it never did")]
    mirror_bytes: Annotated[int | None, about("Bytes that the server's copy takes")]
    paused_by: Annotated[UUID | None, about("Who paused it; null for the server itself")] = None
