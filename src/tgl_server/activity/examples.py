"""Examples of activity for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import timedelta

from msgspec import Struct

from tgl_protocol import activity
from tgl_server.http.example_values import AT, USER_ID

_DAY = AT.date()
_ACTIVE = activity.ActivityPeriod(_DAY, commits=2, merges=1, additions=42, deletions=15, files_changed=3)
_QUIET = activity.ActivityPeriod(_DAY + timedelta(days=1), 0, 0, 0, 0, 0)
_CONTRIBUTOR = activity.Contributor(
    rank=1,
    author_name="Ada Lovelace",
    author_email="ada@example.com",
    commits=120,
    additions=4200,
    deletions=1500,
    files_changed=300,
    days=48,
    first_day=_DAY - timedelta(days=100),
    last_day=_DAY,
    player_id=USER_ID,
    emails=["ada@example.com", "ada@lovelace.example"],
)

EXAMPLES: list[Struct] = [
    activity.Activity(activity.ActivityUnit.DAY, _DAY, _DAY + timedelta(days=2), [_ACTIVE, _QUIET]),
    activity.ContributorPage(
        activity.ContributorPeriod.DAYS_90, _DAY - timedelta(days=89), False, [_CONTRIBUTOR], None
    ),
]
