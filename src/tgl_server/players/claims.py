"""Claims: somebody says that an address is theirs, and a commissioner decides."""

from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.players import MAX_WAITING_CLAIMS, ClaimState, IdentitySource, NewClaim
from tgl_protocol.problem import FieldError
from tgl_server.audit.service import Actor, record
from tgl_server.errors import Conflict, InvalidBody, NotFound
from tgl_server.http.text_rules import has_visible_lines, is_storable
from tgl_server.players import reading_queries as queries
from tgl_server.players.actions import PlayerAction
from tgl_server.players.addresses import is_nobodys
from tgl_server.players.identifying import Author, identify_authors
from tgl_server.players.models import Claim
from tgl_server.players.moving import move, player_of_user


async def file_claim(tx: AsyncSession, user_id: UUID, wish: NewClaim, by: Actor) -> UUID:
    """Say that an address is the user's; the claim's id.

    The name matters only for an address that several people share. Raises `Conflict` for what is theirs already or is
    waiting, and for too many that wait.
    """
    author = _author(wish)
    found = (await identify_authors(tx, [author]))[author]
    if await player_of_user(tx, user_id) == found.player_id:
        raise Conflict("This address is yours already.")
    if await tx.scalar(queries.COUNT_WAITING, {"user_id": user_id}) >= MAX_WAITING_CLAIMS:
        raise Conflict(f"{MAX_WAITING_CLAIMS} of your claims are waiting; more can be filed when some are decided.")
    claim = Claim(id=uuid7(), user_id=user_id, identity_id=found.identity_id, evidence=wish.evidence.strip())
    tx.add(claim)
    await tx.flush()
    await record(tx, by.did(PlayerAction.CLAIM_FILED, "claim", claim.id, identity_id=str(found.identity_id)))
    return claim.id


async def approve(tx: AsyncSession, claim_id: UUID, reason: str, by: Actor) -> int | None:
    """Give the claimant the identity, with all others of a player without an account; the event's id."""
    claim = await _waiting(tx, claim_id)
    player_id = await player_of_user(tx, claim["user_id"])
    taken = (await tx.execute(queries.TAKEN, {"identity_id": claim["identity_id"]})).scalars().all()
    event_id = await move(tx, dict.fromkeys(taken, player_id), IdentitySource.CLAIM, by, reason=reason)
    await _decide(tx, claim, ClaimState.APPROVED, reason, by, event_id)
    await record(tx, by.did(PlayerAction.CLAIM_APPROVED, "claim", claim_id, event=event_id))
    return event_id


async def refuse(tx: AsyncSession, claim_id: UUID, reason: str, by: Actor) -> None:
    """Leave everything as it is; the claimant is told the reason."""
    claim = await _waiting(tx, claim_id)
    await _decide(tx, claim, ClaimState.REFUSED, reason, by)
    await record(tx, by.did(PlayerAction.CLAIM_REFUSED, "claim", claim_id))


async def withdraw(tx: AsyncSession, claim_id: UUID, user_id: UUID, by: Actor) -> None:
    """Take back a claim of one's own; somebody else's is not there."""
    claim = await _waiting(tx, claim_id, user_id)
    await _decide(tx, claim, ClaimState.WITHDRAWN, None, by)
    await record(tx, by.did(PlayerAction.CLAIM_WITHDRAWN, "claim", claim_id))


def _author(wish: NewClaim) -> Author:
    email, name = wish.email.strip().lower(), wish.name.strip()
    if (
        not email
        or not is_storable(email + name + wish.evidence)
        or not has_visible_lines(email + name + wish.evidence)
    ):
        raise InvalidBody(
            "This cannot be claimed.", errors=[FieldError("Expected the address of commits", field="email")]
        )
    if is_nobodys(email) and not name:
        message = "Many people use this address: say with which name"
        raise InvalidBody(f"{message}.", errors=[FieldError(message, field="name")])
    return Author(email, name)


async def _waiting(tx: AsyncSession, claim_id: UUID, user_id: UUID | None = None) -> RowMapping:
    claim = (await tx.execute(queries.LOCK_CLAIM, {"claim_id": claim_id})).mappings().one_or_none()
    if claim is None or (user_id is not None and claim["user_id"] != user_id):
        raise NotFound("There is no such claim.")
    if claim["state"] != ClaimState.WAITING:
        raise Conflict(f"This claim is {claim['state']} already.")
    return claim


async def _decide(
    tx: AsyncSession, claim: RowMapping, state: ClaimState, reason: str | None, by: Actor, event_id: int | None = None
) -> None:
    decision = {"claim_id": claim["id"], "state": state, "by": by.user_id, "reason": reason, "event_id": event_id}
    await tx.execute(queries.DECIDE, decision)
