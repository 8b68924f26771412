"""The caller of a request, as the rest of the server sees it."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct


class Scope(StrEnum):
    """What an API key may be used for."""

    SYNC_COMMITS = "sync:commits"
    READ_REPOS = "read:repos"


ALL_SCOPES = frozenset(Scope)


class Principal(Struct, frozen=True, kw_only=True):
    """Who calls, how, with what scopes, restricted to what.

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

    def may_touch(self, repo_id: UUID) -> bool:
        """Whether the key's restriction to some repositories, if it has one, admits this one."""
        return self.repo_ids is None or repo_id in self.repo_ids


def join_scopes(scopes: frozenset[Scope]) -> str:
    """As the API writes them, always in one order: `sync:commits,read:repos`."""
    return ",".join(scope for scope in Scope if scope in scopes)
