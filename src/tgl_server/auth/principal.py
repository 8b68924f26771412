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

    `key_id` is None for a web user, who has every scope. `repo_ids` None means every repository of the user.
    """

    user_id: UUID
    is_commissioner: bool
    scopes: frozenset[Scope] = ALL_SCOPES
    key_id: UUID | None = None
    key_prefix: str | None = None
    repo_ids: frozenset[UUID] | None = None

    def may_touch(self, repo_id: UUID) -> bool:
        """Whether the key's restriction to some repositories, if it has one, admits this one."""
        return self.repo_ids is None or repo_id in self.repo_ids
