"""Whose API keys a caller is shown in a repository's history.

| caller | sees the prefixes of |
|---|---|
| the project's owner and its maintainers, commissioners | all keys |
| its other members | their own keys |
| a key that shows no people (`Principal.sees_people`) | itself |
"""

from uuid import UUID

from msgspec import Struct

from tgl_server.access.guards import RepoAccess
from tgl_server.auth.principal import Principal


class KeySight(Struct, frozen=True, kw_only=True):
    """The keys that a caller sees: all of them, those of one user, and one key; also parameters of `IS_KEY_SEEN`."""

    sees_all_keys: bool
    key_owner_id: UUID | None
    own_key_id: UUID | None


# A condition on `api_keys k`.
IS_KEY_SEEN = "(:sees_all_keys OR k.user_id = CAST(:key_owner_id AS uuid) OR k.id = CAST(:own_key_id AS uuid))"


def keys_seen(principal: Principal, access: RepoAccess) -> KeySight:
    """The keys that the caller sees in the history of this repository."""
    if not principal.sees_people:
        return KeySight(sees_all_keys=False, key_owner_id=None, own_key_id=principal.key_id)
    return KeySight(
        sees_all_keys=access.may_push or principal.is_commissioner,
        key_owner_id=principal.user_id,
        own_key_id=principal.key_id,
    )
