"""The caller of a request, as the rest of the server sees it."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from tgl_server.http.request_context import RequestContext


class Scope(StrEnum):
    """A right of an API key."""

    SYNC_COMMITS = "sync:commits"
    READ_REPOS = "read:repos"
    READ_LEAGUE = "read:league"


ALL_SCOPES = frozenset(Scope)
#: The rights of a key if nobody says more: it pushes and reads repositories.
USUAL_SCOPES = frozenset({Scope.SYNC_COMMITS, Scope.READ_REPOS})


class Principal(Struct, frozen=True, kw_only=True):
    """The caller of a request: who, by which credentials, with what scopes, restricted to what.

    Either `key_id` or `session_id` is set; a session has every scope. `repo_ids` None means every repository of the
    user. Only a pending user's session is not active, and only `/auth` lets it in.
    """

    user_id: UUID
    is_commissioner: bool
    is_active: bool = True
    scopes: frozenset[Scope] = ALL_SCOPES
    session_id: UUID | None = None
    key_id: UUID | None = None
    key_prefix: str | None = None
    repo_ids: frozenset[UUID] | None = None

    @property
    def may_list_all(self) -> bool:
        """True for who lists all projects that they see; a key that only pushes lists those that it may push to."""
        return Scope.READ_REPOS in self.scopes

    @property
    def sees_people(self) -> bool:
        """True for who is shown names and addresses of people: a key that reads, and is not restricted to repositories.

        Others are handed to machines and third parties, which need to know no one.
        """
        return self.repo_ids is None and Scope.READ_REPOS in self.scopes

    def leave_in(self, context: RequestContext) -> None:
        """Keep the caller in the request's context, and name them in its line in the log."""
        context.leave(self)
        context.log_fields["user_id"] = str(self.user_id)

    def may_touch(self, repo_id: UUID) -> bool:
        """True for a repository that the key's restriction admits, or if it has none."""
        return self.repo_ids is None or repo_id in self.repo_ids


def join_scopes(scopes: frozenset[Scope]) -> str:
    """Scopes as the API writes them, always in one order: `sync:commits,read:repos`."""
    return ",".join(scope for scope in Scope if scope in scopes)
