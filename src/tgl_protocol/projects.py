"""Projects, their members, and their repositories.

A change names only what it changes: a field that is left out stays as it is, which is not the same as null. The rules
that no type can state (no control characters, nothing that reads as a UUID, no credentials in a URL) are the
server's, in `tgl_server.projects.names`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

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
        description="https, http, ssh, git or user@host:path; never with a password, a token or a query",
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
    """The owner and the maintainers push and change; members read. The owner alone deletes the project."""

    OWNER = "owner"
    MAINTAINER = "maintainer"
    MEMBER = "member"


class MemberRole(StrEnum):
    """A maintainer pushes to the project's repositories and changes them; a member reads."""

    MAINTAINER = "maintainer"
    MEMBER = "member"


class SyncMethod(StrEnum):
    """Who brings the commits: a client that pushes, or the server's worker that pulls."""

    PUSH_CLIENT = "push_client"
    PULL_CELERY = "pull_celery"


class NewProject(Struct, frozen=True, kw_only=True):
    """A project to be; its maker owns it."""

    slug: Slug
    name: ProjectName
    description: Description = ""


class ProjectChange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`owner_id` hands the project to another active user; the owner before becomes a maintainer."""

    slug: Slug | UnsetType = UNSET
    name: ProjectName | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    owner_id: UUID | UnsetType = UNSET


class ProjectInfo(Struct, frozen=True, kw_only=True):
    """`role` is the caller's: null for a commissioner who is not in the project. Counts are of what the caller sees."""

    id: UUID
    slug: str
    name: str
    description: str
    owner_id: UUID
    owner_name: str
    role: ProjectRole | None
    repo_count: int
    total_commits: int
    created_at: datetime


class ProjectPage(Struct, frozen=True):
    """By slug; `next_cursor` is null on the last page."""

    items: list[ProjectInfo]
    next_cursor: str | None


class ProjectDeleted(Struct, frozen=True):
    """How much went with the project."""

    project_id: UUID
    repos: int
    commits: int


class NewMember(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An active user, named by id or by e-mail address (exactly one of them)."""

    user_id: UUID | None = None
    email: Annotated[str, Meta(max_length=MAX_EMAIL_LENGTH)] | None = None
    role: MemberRole = MemberRole.MEMBER


class MemberChange(Struct, frozen=True):
    """What the member may do from now on."""

    role: MemberRole


class MemberInfo(Struct, frozen=True, kw_only=True):
    """`is_active` is false for a user who was retired since."""

    user_id: UUID
    display_name: str
    email: str
    role: MemberRole
    is_active: bool
    created_at: datetime


class MemberPage(Struct, frozen=True):
    """Without the owner, whom the project names; `next_cursor` is null on the last page."""

    items: list[MemberInfo]
    next_cursor: str | None


class NewRepo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A repository to be."""

    name: RepoName
    git_url: GitUrl | None = None
    sync_method: SyncMethod = SyncMethod.PUSH_CLIENT
    expected_cadence_seconds: CadenceSeconds | None = None


class RepoChange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A new name keeps the id and every commit."""

    name: RepoName | UnsetType = UNSET
    git_url: GitUrl | UnsetType | None = UNSET
    sync_method: SyncMethod | UnsetType = UNSET
    expected_cadence_seconds: CadenceSeconds | UnsetType | None = UNSET


class RepoInfo(Struct, frozen=True, kw_only=True):
    """A repository with its sync state, as `RepoStatus` has it but for the refs."""

    id: UUID
    project_id: UUID
    name: str
    git_url: str | None
    sync_method: SyncMethod
    expected_cadence_seconds: int | None
    status: SyncStatus
    last_sync_at: datetime | None
    last_ingested_sha: str | None
    total_commits: int
    error_message: str | None
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    stale: bool
    last_error_at: datetime | None = None
    last_error: str | None = None
    learned_cadence_seconds: int | None = None
    created_at: datetime


class RepoPage(Struct, frozen=True):
    """By name; `next_cursor` is null on the last page."""

    items: list[RepoInfo]
    next_cursor: str | None


class RepoDeleted(Struct, frozen=True):
    """How many commits went with the repository."""

    repo_id: UUID
    commits: int
