"""What people are told by mail, and the choices of each."""

from enum import StrEnum
from typing import Annotated

from msgspec import Struct

from tgl_protocol.about import about


class NotificationKind(StrEnum):
    """What a person is told of. Those of a repository also tell, once, that it has recovered.

    `account_pending` is for commissioners alone. `account_changed` tells that the own password or an own API key was
    changed, made or revoked.
    """

    REPO_FAILING = "repo_failing"
    REPO_STALE = "repo_stale"
    KEY_EXPIRING = "key_expiring"
    ACCOUNT_PENDING = "account_pending"
    ACCOUNT_CHANGED = "account_changed"

    @property
    def is_of_project(self) -> bool:
        """True for what is chosen for each project as well."""
        return self in (NotificationKind.REPO_FAILING, NotificationKind.REPO_STALE)


class KindChoice(Struct, frozen=True, kw_only=True):
    """Whether a person is told of a kind; `wanted` is null where they have chosen nothing."""

    kind: Annotated[NotificationKind, about("What it tells of")]
    wanted: Annotated[bool | None, about("What was chosen; null for nothing, which leaves it to the rule")]
    is_told: Annotated[bool, about("What follows: whether a mail is sent")]


class ProjectChoices(Struct, frozen=True, kw_only=True):
    """The choices of a person for one project."""

    slug: Annotated[str, about("The project's short name")]
    name: Annotated[str, about("The project's name")]
    choices: Annotated[list[KindChoice], about("The kinds that are chosen for each project")]


class NotificationChoices(Struct, frozen=True, kw_only=True):
    """All choices of the caller: those for everything, and those for each of their projects, which come first."""

    sends_mail: Annotated[bool, about("Whether this server sends mails at all")]
    choices: Annotated[list[KindChoice], about("For everything; the kinds of repositories for all projects")]
    projects: Annotated[list[ProjectChoices], about("The projects in which the caller has a role")]


class NotificationChoice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One choice, for everything or for one project."""

    kind: Annotated[NotificationKind, about("What it tells of")]
    wanted: Annotated[bool | None, about("Whether to send mails; null to choose nothing any more")]
    project: Annotated[str | None, about("The id or short name of a project; left out for everything")] = None


class TestMail(Struct, frozen=True):
    """A message that was put on its way to see whether it arrives."""

    sent_to: Annotated[str, about("The address that it goes to")]
