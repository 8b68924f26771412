"""Examples of notifications for the OpenAPI document: a type checker sees when one is outdated."""

from msgspec import Struct

from tgl_protocol.notifications import (
    KindChoice,
    NotificationChoice,
    NotificationChoices,
    NotificationKind,
    ProjectChoices,
    TestMail,
)

_FAILING = KindChoice(kind=NotificationKind.REPO_FAILING, wanted=None, is_told=True)

EXAMPLES: list[Struct] = [
    NotificationChoices(
        sends_mail=True,
        choices=[_FAILING, KindChoice(kind=NotificationKind.KEY_EXPIRING, wanted=False, is_told=False)],
        projects=[
            ProjectChoices(
                slug="kernel",
                name="Kernel",
                choices=[_FAILING, KindChoice(kind=NotificationKind.REPO_STALE, wanted=False, is_told=False)],
            )
        ],
    ),
    NotificationChoice(kind=NotificationKind.REPO_STALE, wanted=False, project="kernel"),
    TestMail("ada@example.com"),
]
