"""The routes of identities, of claims to them, and of a `.mailmap`."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, get, patch, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter, QueryParameter

from tgl_protocol.joining import Mailmap, MailmapDiff
from tgl_protocol.players import (
    ClaimInfo,
    ClaimPage,
    ClaimState,
    Decision,
    IdentityChange,
    IdentityInfo,
    IdentityPage,
    NewClaim,
)
from tgl_server import errors
from tgl_server.access.callers import commissioner, session_user
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.created import Created
from tgl_server.http.declarations import answers
from tgl_server.http.example_values import KEY_ID
from tgl_server.http.null_parameters import refuse_null
from tgl_server.http.pagination import Cursor, Limit
from tgl_server.http.text_rules import refuse_unstorable
from tgl_server.players import changing, claims, reading
from tgl_server.players.actions import PlayerAction
from tgl_server.players.importing import import_mailmap

ClaimId = Annotated[UUID, PathParameter(description="The claim's id", examples=[Example(value=str(KEY_ID))])]
IdentityId = Annotated[UUID, PathParameter(description="The identity's id", examples=[Example(value=str(KEY_ID))])]
# Litestar reserves the argument name `state`.
InState = Annotated[ClaimState | None, QueryParameter(name="state", description="Only claims in this state")]
Words = Annotated[
    str, QueryParameter(name="q", max_length=200, description="Only with this text in address, name or player")
]
OfPlayer = Annotated[UUID | None, QueryParameter(name="player", description="Only those of this player")]


@get("/identities", guards=[session_user])
async def list_identities(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    player_id: OfPlayer = None,
    words: Words = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> IdentityPage:
    """List identities, the newest first: a commissioner all of them, anybody else their own."""
    refuse_null(request, "player")
    refuse_unstorable(q=words)
    owner_id = None if principal.is_commissioner else principal.user_id
    async with database.statements() as connection:
        return await reading.list_identities(
            connection,
            principal.user_id,
            owner_id=owner_id,
            player_id=player_id,
            words=words,
            limit=limit,
            cursor=cursor,
        )


@patch(
    "/identities/{identity_id:uuid}",
    guards=[commissioner],
    opt=audited_as(PlayerAction.IDENTITY_CHANGED) | answers(errors.NotFound),
)
async def change_identity(
    identity_id: IdentityId,
    data: JSONBody[IdentityChange],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> IdentityInfo:
    """Say whether an identity is a bot's, or that its address is shared by several people."""
    async with database.transaction() as tx:
        await changing.change_identity(tx, identity_id, data, actor)
        return await reading.get_identity(tx, identity_id, principal.user_id)


@get("/claims", guards=[session_user])
async def list_claims(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    in_state: InState = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ClaimPage:
    """List claims, the newest first: a commissioner all of them, anybody else their own."""
    refuse_null(request, "state")
    owner_id = None if principal.is_commissioner else principal.user_id
    async with database.statements() as connection:
        return await reading.list_claims(
            connection, principal.user_id, owner_id=owner_id, state=in_state, limit=limit, cursor=cursor
        )


@post("/claims", guards=[session_user], opt=audited_as(PlayerAction.CLAIM_FILED) | answers(errors.Conflict))
async def file_claim(
    principal: NamedDependency[Principal],
    data: JSONBody[NewClaim],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> Created[ClaimInfo]:
    """Say that an address of commits is the caller's; a commissioner decides."""
    async with database.transaction() as tx:
        claim_id = await claims.file_claim(tx, principal.user_id, data, actor)
        claim = await reading.get_claim(tx, claim_id, principal.user_id)
    return Created(claim, "claims", claim_id)


@post(
    "/claims/{claim_id:uuid}/approve",
    guards=[commissioner],
    status_code=200,
    opt=audited_as(PlayerAction.CLAIM_APPROVED) | answers(errors.NotFound, errors.Conflict),
)
async def approve_claim(
    claim_id: ClaimId,
    data: JSONBody[Decision],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> ClaimInfo:
    """Give the claimant the identity, with all others of a player without an account."""
    async with database.transaction() as tx:
        await claims.approve(tx, claim_id, data.reason, actor)
        return await reading.get_claim(tx, claim_id, principal.user_id)


@post(
    "/claims/{claim_id:uuid}/refuse",
    guards=[commissioner],
    status_code=200,
    opt=audited_as(PlayerAction.CLAIM_REFUSED) | answers(errors.NotFound, errors.Conflict),
)
async def refuse_claim(
    claim_id: ClaimId,
    data: JSONBody[Decision],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> ClaimInfo:
    """Leave the identity as it is; the claimant reads the reason."""
    async with database.transaction() as tx:
        await claims.refuse(tx, claim_id, data.reason, actor)
        return await reading.get_claim(tx, claim_id, principal.user_id)


@post(
    "/claims/{claim_id:uuid}/withdraw",
    guards=[session_user],
    status_code=200,
    opt=audited_as(PlayerAction.CLAIM_WITHDRAWN) | answers(errors.NotFound, errors.Conflict),
)
async def withdraw_claim(
    claim_id: ClaimId,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> ClaimInfo:
    """Take back a claim of one's own that is still waiting."""
    async with database.transaction() as tx:
        await claims.withdraw(tx, claim_id, principal.user_id, actor)
        return await reading.get_claim(tx, claim_id, principal.user_id)


@post(
    "/mailmap",
    guards=[commissioner],
    status_code=200,
    opt=audited_as(PlayerAction.MAILMAP_APPLIED) | answers(errors.Conflict),
)
async def apply_mailmap(
    data: JSONBody[Mailmap], actor: NamedDependency[Actor], database: NamedDependency[Database]
) -> MailmapDiff:
    """Show what a `.mailmap` changes, or apply exactly that, as one event, with the digest of that answer."""
    async with database.transaction() as tx:
        return await import_mailmap(tx, data, actor)


claims_router = Router(
    "/",
    route_handlers=[
        list_identities,
        change_identity,
        list_claims,
        file_claim,
        approve_claim,
        refuse_claim,
        withdraw_claim,
        apply_mailmap,
    ],
    cache_control=CacheControlHeader(no_store=True),
    tags=["players"],
)
