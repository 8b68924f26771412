"""Projects, their members and their repositories.

A change names only what it changes: a field that is left out stays as it is, which is not the same as null. The rules
that no type can state (no control characters, nothing that reads as a UUID, no credentials in a URL) are the
server's, in `tgl_server.projects.names`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from tgl_protocol.about import about
from tgl_protocol.commits import SyncStatus
from tgl_protocol.http import MAX_EMAIL_LENGTH

MAX_REPO_NAME_LENGTH: Final = 100

Slug = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=63,
        pattern="^[a-z0-9](-?[a-z0-9])*$",
        description="Lower-case letters and digits, single hyphens between them",
        examples=["platform-team"],
    ),
]
ProjectName = Annotated[str, Meta(min_length=1, max_length=200, examples=["Platform team"])]
Description = Annotated[str, Meta(max_length=2000)]
RepoName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_REPO_NAME_LENGTH,
        description="Any letters, digits, signs and inner spaces, but no slash, backslash or control character",
        examples=["linux"],
    ),
]
GitUrl = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2048,
        description="https, http, ssh, git, user@host:path, or a path there; never with a password, a token or a query",
        examples=["https://git.example.com/team/linux.git"],
    ),
]
CadenceSeconds = Annotated[
    int,
    Meta(
        ge=60,
        le=366 * 86_400,
        description="A repository without a successful push for longer is stale; null for the learned cadence",
        examples=[86_400],
    ),
]


class ProjectRole(StrEnum):
    """A user's role in a project: owner and maintainers push and change, members read; only the owner deletes it."""

    OWNER = "owner"
    MAINTAINER = "maintainer"
    MEMBER = "member"


class MemberRole(StrEnum):
    """A member's role: a maintainer pushes to the project's repositories and changes them, a member reads."""

    MAINTAINER = "maintainer"
    MEMBER = "member"


class SyncMethod(StrEnum):
    """The way in which commits arrive: a client pushes them, or the server's worker pulls them."""

    PUSH_CLIENT = "push_client"
    PULL_CELERY = "pull_celery"


class NewProject(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project to make, which its maker then owns."""

    slug: Slug
    name: Annotated[ProjectName, about("What the project is called")]
    description: Annotated[Description, about("What it is about; plain text")] = ""


class ProjectChange(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Changes of a project; `owner_id` hands it to another active user, and the old owner becomes a maintainer."""

    slug: Slug | UnsetType = UNSET
    name: Annotated[ProjectName | UnsetType, about("What the project is called from now on")] = UNSET
    description: Annotated[Description | UnsetType, about("What it is about; plain text")] = UNSET
    owner_id: Annotated[UUID | UnsetType, about("The new owner, an active user")] = UNSET


class ProjectInfo(Struct, frozen=True, kw_only=True):
    """A project as the caller sees it; `role` is theirs, null for a commissioner who is not in the project.

    `owner_name` is null to a key that is restricted to repositories or only pushes: these see no people.
    `is_partial` is true to a key that is restricted to repositories, from which the project's others are hidden.
    """

    id: Annotated[UUID, about("The project's id, which never changes")]
    slug: Annotated[str, about("The project's name in addresses")]
    name: Annotated[str, about("What the project is called")]
    description: Annotated[str, about("What it is about; plain text")]
    owner_id: Annotated[UUID, about("The owner's user id")]
    owner_name: Annotated[str | None, about("The owner's name; null to keys that see no people")]
    role: Annotated[ProjectRole | None, about("The caller's role; null for a commissioner without one")]
    repo_count: Annotated[int, about("Repositories that the caller sees")]
    total_commits: Annotated[int, about("Commits stored in them")]
    created_at: Annotated[datetime, about("When the project was made")]
    is_partial: Annotated[bool, about("True to a key that is restricted to repositories: others are hidden")] = False


class ProjectPage(Struct, frozen=True):
    """A page of projects, by slug; `next_cursor` is null on the last page."""

    items: Annotated[list[ProjectInfo], about("The projects of this page")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]
    total: Annotated[int | None, about("How many projects the caller sees")] = None


class ProjectDeleted(Struct, frozen=True):
    """The numbers of repositories and commits that were deleted with a project."""

    project_id: Annotated[UUID, about("The id that the project had")]
    repos: Annotated[int, about("Repositories deleted with it")]
    commits: Annotated[int, about("Commits deleted with it")]


class NewMember(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A member to add: an active user, named by either id or e-mail address."""

    user_id: Annotated[UUID | None, about("The user's id, unless `email` names them")] = None
    email: Annotated[
        Annotated[str, Meta(max_length=MAX_EMAIL_LENGTH)] | None,
        about("The user's address, unless `user_id` names them"),
    ] = None
    role: Annotated[MemberRole, about("The new member's role")] = MemberRole.MEMBER


class MemberChange(Struct, frozen=True, forbid_unknown_fields=True):
    """A member's new role."""

    role: Annotated[MemberRole, about("The new role")]


class MemberInfo(Struct, frozen=True, kw_only=True):
    """A member of a project; `is_active` is false for a user who was retired since."""

    user_id: Annotated[UUID, about("The member's user id")]
    display_name: Annotated[str, about("The member's name")]
    email: Annotated[str, about("The member's address")]
    role: Annotated[MemberRole, about("The member's role in the project")]
    is_active: Annotated[bool, about("False for an account that does not work now")]
    created_at: Annotated[datetime, about("When they became a member")]


class MemberPage(Struct, frozen=True):
    """A page of members, without the owner; `next_cursor` is null on the last page."""

    items: Annotated[list[MemberInfo], about("The members of this page")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]
    total: Annotated[int | None, about("How many members the project has")] = None


class NewRepo(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A repository to register."""

    name: RepoName
    git_url: Annotated[GitUrl | None, about("Where the repository is; null to leave it untold")] = None
    sync_method: Annotated[SyncMethod, about("How commits arrive")] = SyncMethod.PUSH_CLIENT
    expected_cadence_seconds: Annotated[
        CadenceSeconds | None, about("Seconds that may pass between pushes; null to learn it")
    ] = None


class RepoChange(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Changes of a repository; a new name keeps the id and every commit."""

    name: RepoName | UnsetType = UNSET
    git_url: Annotated[
        GitUrl | UnsetType | None,
        about("Where the repository is; null removes it. Store its credentials anew after a change"),
    ] = UNSET
    sync_method: Annotated[SyncMethod | UnsetType, about("How commits arrive from now on")] = UNSET
    expected_cadence_seconds: Annotated[
        CadenceSeconds | UnsetType | None, about("Seconds that may pass between pushes; null to learn it")
    ] = UNSET


class RepoInfo(Struct, frozen=True, kw_only=True):
    """A repository with its sync state: all of `RepoStatus` except the refs."""

    id: Annotated[UUID, about("The repository's id, which never changes")]
    project_id: Annotated[UUID, about("The project that it belongs to")]
    name: Annotated[str, about("The repository's name in addresses")]
    git_url: Annotated[str | None, about("Where the repository is; null if it was not told")]
    sync_method: Annotated[SyncMethod, about("How commits arrive")]
    expected_cadence_seconds: Annotated[int | None, about("Seconds that may pass between pushes, as it was set")]
    status: Annotated[SyncStatus, about("How the last push went, or that one goes on")]
    last_sync_at: Annotated[datetime | None, about("The same as `last_success_at`")]
    last_ingested_sha: Annotated[str | None, about("The last commit of the latest batch")]
    total_commits: Annotated[int, about("How many commits are stored")]
    error_message: Annotated[str | None, about("What is wrong now; null while nothing is")]
    last_attempt_at: Annotated[datetime | None, about("When a push last sent something")]
    last_success_at: Annotated[datetime | None, about("When a push last succeeded")]
    stale: Annotated[bool, about("True if it was not pushed to for longer than its cadence")]
    last_error_at: Annotated[datetime | None, about("When the last error happened")] = None
    last_error: Annotated[str | None, about("The last error, also when it is over")] = None
    learned_cadence_seconds: Annotated[int | None, about("Seconds that may pass between pushes, by its past")] = None
    created_at: Annotated[datetime, about("When it was registered")]


class RepoPage(Struct, frozen=True):
    """A page of repositories, by name; `next_cursor` is null on the last page."""

    items: Annotated[list[RepoInfo], about("The repositories of this page")]
    next_cursor: Annotated[str | None, about("The `cursor` of the next page; null on the last")]
    total: Annotated[int | None, about("How many repositories the filter matches")] = None


class RepoDeleted(Struct, frozen=True):
    """The number of commits that were deleted with a repository."""

    repo_id: Annotated[UUID, about("The id that the repository had")]
    commits: Annotated[int, about("Commits deleted with it")]
