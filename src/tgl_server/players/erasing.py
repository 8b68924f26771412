"""Erasing a person: name and addresses are replaced wherever commits are stored, and cannot be found again."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.players import PlayerErased, PlayerState
from tgl_server.access.ids import RepoId
from tgl_server.access.names import ERASED_DOMAIN, FORMER_NAME
from tgl_server.audit.service import Actor, record
from tgl_server.commits.models import IngestKind
from tgl_server.commits.service import lock_state, log_change
from tgl_server.db.rows import changed_rows
from tgl_server.errors import NotFound
from tgl_server.players import erasing_queries as queries
from tgl_server.players.actions import PlayerAction


async def erase(tx: AsyncSession, player_id: UUID, by: Actor) -> PlayerErased:
    """Replace a player's names and addresses in all commits, and leave a tombstone; it cannot be undone.

    The authors, committers and texts of commits are changed, and all that followers keep of these repositories is
    computed anew. Commits that are pushed afterwards are new, and not of this player. An account stays as it is.
    """
    player = (await tx.execute(queries.LOCK_PLAYER, {"player_id": player_id})).mappings().one_or_none()
    if player is None or player["state"] == PlayerState.ERASED:
        raise NotFound("There is no such player.")
    identities = (await tx.execute(queries.IDENTITIES, {"player_id": player_id})).mappings().all()
    changed = 0
    for (repo_id,) in (await tx.execute(queries.REPOS)).all():
        in_repo = 0
        for identity in identities:
            in_repo += await _replace(tx, repo_id, dict(identity))
        if in_repo:
            await lock_state(tx, RepoId(repo_id))
            await log_change(tx, RepoId(repo_id), IngestKind.REBUILT)
            await tx.execute(queries.FORGET_COMPARISON, {"repo_id": repo_id})
            await tx.execute(queries.COMPARE_ANEW, {"repo_id": repo_id})
        changed += in_repo
    await tx.execute(queries.BURY_IDENTITIES, {"player_id": player_id})
    await tx.execute(queries.FORGET_EVIDENCE, {"player_id": player_id})
    await tx.execute(queries.FORGET_DISMISSALS, {"player_id": player_id})
    await tx.execute(queries.BURY_PLAYER, {"player_id": player_id, "name": FORMER_NAME})
    details: dict[str, Any] = {"identities": len(identities), "commits": changed}
    await record(tx, by.did(PlayerAction.PLAYER_ERASED, "player", player_id, **details))
    return PlayerErased(player_id, len(identities), changed)


async def _replace(tx: AsyncSession, repo_id: UUID, identity: dict[str, Any]) -> int:
    given = {"repo_id": repo_id, "email": identity["email"], "name": identity["name"], "former": FORMER_NAME}
    tomb = f"erased-{identity['id']}{ERASED_DOMAIN}"
    changed = await changed_rows(tx, queries.REPLACE_AUTHOR, **given, tomb=tomb)
    changed += await changed_rows(tx, queries.REPLACE_COMMITTER, **given, tomb=tomb)
    if identity["email"] and not identity["name"]:
        changed += await changed_rows(tx, queries.REPLACE_IN_TEXT, **given, pattern=_written(identity["email"]))
    return changed


def _written(email: str) -> str:
    """An address with the name before it, in PostgreSQL's regular expressions."""
    escaped = "".join(sign if sign.isalnum() else f"\\{sign}" for sign in email)
    return rf"[^<>:\n]*<{escaped}>|{escaped}"
