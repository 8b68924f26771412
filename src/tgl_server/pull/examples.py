"""Examples of pulls for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import timedelta

from msgspec import Struct

from tgl_protocol import pulls
from tgl_server.http.example_values import AT

EXAMPLES: list[Struct] = [
    pulls.PullSchedule(cron="*/15 * * * *", timezone="Europe/Paris"),
    pulls.PullInfo(
        cron="*/15 * * * *",
        timezone="Europe/Paris",
        next_due_at=AT + timedelta(minutes=15),
        is_running=False,
        running_run_id=None,
        queued_run_id=None,
        cancel_requested_at=None,
        failures=0,
        paused_at=None,
        paused_reason=None,
        mirrored_at=AT,
        mirror_bytes=12_345_678,
    ),
]
