"""What people change of themselves as players, and commissioners of players and identities."""

from typing import Any
from uuid import UUID

from msgspec import UNSET
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.players import IdentityChange, OwnPlayerChange, PlayerChange, PlayerState, Visibility
from tgl_protocol.problem import FieldError
from tgl_server.audit.changes import apply_changes
from tgl_server.audit.service import Actor, record
from tgl_server.errors import Conflict, InvalidBody, NotFound
from tgl_server.http.body import named_fields
from tgl_server.http.text_rules import one_line
from tgl_server.players import reading_queries as queries
from tgl_server.players.actions import PlayerAction
from tgl_server.players.identifying import Author, identify_authors
from tgl_server.players.models import IdentityRow, Player, SharedAddress
from tgl_server.players.moving import player_of_user
from tgl_server.players.queries import NAMES_OF_ADDRESS


async def change_own(tx: AsyncSession, user_id: UUID, change: OwnPlayerChange, by: Actor) -> None:
    """Choose how others see the account's player; a pseudonym that is somebody's name is a conflict.

    The audit log is told that it changed, and not the pseudonym.
    """
    player = await _locked(tx, await player_of_user(tx, user_id))
    wanted = named_fields(change)
    if "shown_name" in wanted:
        wanted["shown_name"] = one_line("shown_name", wanted["shown_name"]) or None
    if wanted.get("shown_name") and await tx.scalar(
        queries.IS_TAKEN, {"name": wanted["shown_name"], "user_id": user_id}
    ):
        raise Conflict("This name is somebody's already; choose another one.")
    if not apply_changes(player, wanted):
        return
    if player.visibility == Visibility.PSEUDONYM and not player.shown_name:
        message = "Say under which name others are to see you"
        raise InvalidBody(f"{message}.", errors=[FieldError(message, field="shown_name")])
    await record(tx, by.did(PlayerAction.PLAYER_CHANGED, "player", player.id, fields=sorted(wanted)))


async def change_player(tx: AsyncSession, player_id: UUID, change: PlayerChange, by: Actor) -> None:
    """Name a player without an account, say whether they are a bot, retire them or take them back."""
    player = await _locked(tx, player_id)
    wanted = named_fields(change)
    if "name" in wanted:
        if player.user_id is not None:
            raise Conflict("This player has the name of their account.")
        wanted["name"] = one_line("name", wanted["name"])
        wanted["is_named"] = True
    changed = apply_changes(player, wanted)
    if changed:
        await record(tx, by.did(PlayerAction.PLAYER_CHANGED, "player", player.id, fields=sorted(changed)))


async def change_identity(tx: AsyncSession, identity_id: UUID, change: IdentityChange, by: Actor) -> None:
    """Say whether an identity is a bot's, and whether its address is shared: then each of its names is one."""
    identity = await tx.get(IdentityRow, identity_id, with_for_update=True)
    if identity is None:
        raise NotFound("There is no such identity.")
    if change.kind is not UNSET and apply_changes(identity, {"kind": change.kind}):
        details: dict[str, Any] = {"kind": change.kind}
        await record(tx, by.did(PlayerAction.IDENTITY_CHANGED, "identity", identity_id, **details))
    if change.is_shared is True:
        await _share(tx, identity, by)
    elif change.is_shared is False:
        message = "Expected true: once shared, the names of an address are joined again by merging their players"
        raise InvalidBody(f"{message}.", errors=[FieldError(message, field="is_shared")])


async def _share(tx: AsyncSession, identity: IdentityRow, by: Actor) -> None:
    """From now on each name of the address is an identity, those that commits have had before at once."""
    email = identity.email
    if await tx.get(SharedAddress, email) is not None:
        return
    tx.add(SharedAddress(email=email, marked_by=by.user_id))
    await tx.flush()
    names = (await tx.execute(NAMES_OF_ADDRESS, {"email": email})).scalars().all()
    await identify_authors(tx, [Author(email, name) for name in names])
    await record(tx, by.did(PlayerAction.ADDRESS_SHARED, "identity", identity.id, names=len(names)))


async def _locked(tx: AsyncSession, player_id: UUID) -> Player:
    player = await tx.get(Player, player_id, with_for_update=True)
    if player is None or player.state == PlayerState.ERASED:
        raise NotFound("There is no such player.")
    return player
