"""Moving repositories between the two ways in which commits arrive: the server pulls them, or clients push them."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Struct

from tgl_protocol.about import about
from tgl_protocol.projects import SyncMethod


class CredentialFate(StrEnum):
    """What becomes of a repository's stored credentials: there are none, they are deleted, or they stay."""

    NONE = "none"
    DELETED = "deleted"
    KEPT = "kept"


class ToPush(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Let clients push to a repository that the server has pulled."""

    keep_credentials: Annotated[bool, about("True to leave the remote's credentials stored")] = False
    dry_run: Annotated[bool, about("True to change nothing, and to be told what would change")] = False


class ToPull(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Let the server pull a repository again that clients push to."""

    dry_run: Annotated[bool, about("True to change nothing, and to be told what would change")] = False


class MethodSwitch(Struct, frozen=True, kw_only=True):
    """A repository's move from one method to the other; commits and recorded tips stay in either case."""

    repo_id: Annotated[UUID, about("The repository's id")]
    project: Annotated[str, about("The slug of its project")]
    name: Annotated[str, about("The repository's name")]
    current: Annotated[SyncMethod, about("How commits arrived before")]
    target: Annotated[SyncMethod, about("How commits arrive afterwards")]
    changes: Annotated[bool, about("False for a repository that has the method already")]
    dry_run: Annotated[bool, about("True if nothing was changed")]
    ended_runs: Annotated[list[UUID], about("The runs that the change cancels; what they stored stays")]
    credentials: Annotated[CredentialFate, about("What becomes of the remote's credentials")]
    warnings: Annotated[list[str], about("What is left to do before commits arrive the new way")]


class MigrationStatus(Struct, frozen=True, kw_only=True):
    """How far the repositories of a project, or of all, have moved to clients that push."""

    project: Annotated[str | None, about("The slug of the project; null for all together")]
    pull_celery: Annotated[int, about("Repositories that the server pulls")]
    push_client: Annotated[int, about("Repositories that clients push to")]
    total: Annotated[int, about("All of them")]
    percent_pushed: Annotated[float, about("The part that clients push to, in percent; 0 without repositories")]
    with_credentials: Annotated[int, about("Repositories that clients push to and that still have credentials stored")]
