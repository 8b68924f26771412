"""The routes of players, their identities and events, for themselves and for commissioners."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, delete, get, patch, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter, QueryParameter

from tgl_protocol.joining import Dismissal, Dismissed, DismissedPage, DismissedSuggestion, SuggestionList
from tgl_protocol.players import (
    EventDone,
    IdentityEventList,
    Merge,
    OwnPlayer,
    OwnPlayerChange,
    PlayerChange,
    PlayerErased,
    PlayerInfo,
    PlayerPage,
    PlayerState,
    Split,
)
from tgl_server import errors
from tgl_server.access.callers import commissioner, session_user
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.declarations import answers
from tgl_server.http.example_values import USER_ID
from tgl_server.http.null_parameters import refuse_null
from tgl_server.http.pagination import Cursor, Limit
from tgl_server.http.text_rules import refuse_unstorable
from tgl_server.players import changing, erasing, moving, reading, suggestions
from tgl_server.players.actions import PlayerAction

PlayerId = Annotated[UUID, PathParameter(description="The player's id", examples=[Example(value=str(USER_ID))])]
DismissalId = Annotated[UUID, PathParameter(description="The id of what was dismissed")]
# Litestar reserves the argument name `state`.
InState = Annotated[PlayerState | None, QueryParameter(name="state", description="Only players in this state")]
Words = Annotated[str, QueryParameter(name="q", max_length=200, description="Only with this text in their name")]


@get("/", guards=[commissioner])
async def list_players(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    in_state: InState = None,
    words: Words = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PlayerPage:
    """List the players who have an identity or an account, the newest first."""
    refuse_null(request, "state")
    refuse_unstorable(q=words)
    async with database.statements() as connection:
        return await reading.list_players(
            connection, principal.user_id, state=in_state, words=words, limit=limit, cursor=cursor
        )


@get("/me", guards=[session_user])
async def show_own(principal: NamedDependency[Principal], database: NamedDependency[Database]) -> OwnPlayer:
    """Show the caller as a player, with their identities and claims."""
    async with database.transaction() as tx:
        return await reading.own_player(tx, principal.user_id)


@patch(
    "/me",
    guards=[session_user],
    opt=audited_as(PlayerAction.PLAYER_CHANGED) | answers(errors.Conflict, errors.NotFound),
)
async def change_own(
    principal: NamedDependency[Principal],
    data: JSONBody[OwnPlayerChange],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> OwnPlayer:
    """Choose under which name others see the caller: their own, a pseudonym, or none."""
    async with database.transaction() as tx:
        await changing.change_own(tx, principal.user_id, data, actor)
        return await reading.own_player(tx, principal.user_id)


@get("/suggestions", guards=[commissioner])
async def list_suggestions(
    principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> SuggestionList:
    """List players that look like one person; nothing is done before somebody merges them."""
    async with database.statements() as connection:
        return await suggestions.list_suggestions(connection, principal.user_id)


@post(
    "/suggestions/dismiss",
    guards=[commissioner],
    status_code=200,
    opt=audited_as(PlayerAction.SUGGESTION_DISMISSED) | answers(errors.NotFound),
)
async def dismiss_suggestion(
    data: JSONBody[Dismissal], actor: NamedDependency[Actor], database: NamedDependency[Database]
) -> Dismissed:
    """Say that players who look like one person are not; they are suggested no more, until another looks like them."""
    async with database.transaction() as tx:
        return Dismissed(players=await suggestions.dismiss(tx, data, actor))


@get("/suggestions/dismissed", guards=[commissioner])
async def list_dismissed_suggestions(
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DismissedPage:
    """List the suggestions that were dismissed, the newest first."""
    async with database.statements() as connection:
        return await suggestions.list_dismissed(connection, principal.user_id, limit=limit, cursor=cursor)


@delete(
    "/suggestions/dismissed/{dismissal_id:uuid}",
    guards=[commissioner],
    status_code=200,
    opt=audited_as(PlayerAction.SUGGESTION_TAKEN_BACK) | answers(errors.NotFound),
)
async def take_back_dismissal(
    dismissal_id: DismissalId, actor: NamedDependency[Actor], database: NamedDependency[Database]
) -> DismissedSuggestion:
    """Take back that a suggestion was dismissed: players who look like one person are suggested again."""
    async with database.transaction() as tx:
        return await suggestions.take_back(tx, dismissal_id, actor)


@get("/{player_id:uuid}", guards=[commissioner], opt=answers(errors.NotFound))
async def show_player(
    player_id: PlayerId, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> PlayerInfo:
    """Show a player."""
    async with database.statements() as connection:
        return await reading.get_player(connection, player_id, principal.user_id)


@get("/{player_id:uuid}/events", guards=[commissioner])
async def list_events(player_id: PlayerId, database: NamedDependency[Database]) -> IdentityEventList:
    """List the last events that moved identities to a player or away from them, the newest first."""
    async with database.statements() as connection:
        return await reading.list_events(connection, player_id)


@patch(
    "/{player_id:uuid}",
    guards=[commissioner],
    opt=audited_as(PlayerAction.PLAYER_CHANGED) | answers(errors.NotFound, errors.Conflict),
)
async def change_player(
    player_id: PlayerId,
    data: JSONBody[PlayerChange],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> PlayerInfo:
    """Name a player without an account, say whether they are a bot, retire them or take them back."""
    async with database.transaction() as tx:
        await changing.change_player(tx, player_id, data, actor)
        return await reading.get_player(tx, player_id, principal.user_id)


@post(
    "/{player_id:uuid}/merge",
    guards=[commissioner],
    status_code=200,
    opt=audited_as(PlayerAction.PLAYERS_MERGED) | answers(errors.NotFound, errors.Conflict),
)
async def merge_players(
    player_id: PlayerId, data: JSONBody[Merge], actor: NamedDependency[Actor], database: NamedDependency[Database]
) -> EventDone:
    """Give a player all identities of others, who are the same person."""
    async with database.transaction() as tx:
        return EventDone(await moving.merge(tx, player_id, data.players, actor, reason=data.reason))


@post(
    "/{player_id:uuid}/split",
    guards=[commissioner],
    status_code=200,
    opt=audited_as(PlayerAction.PLAYER_SPLIT) | answers(errors.NotFound, errors.Conflict),
)
async def split_player(
    player_id: PlayerId, data: JSONBody[Split], actor: NamedDependency[Actor], database: NamedDependency[Database]
) -> EventDone:
    """Take identities away from a player, or undo one event, which restores exactly what was before it."""
    async with database.transaction() as tx:
        return EventDone(await moving.split(tx, player_id, data, actor))


@post(
    "/{player_id:uuid}/erase",
    guards=[commissioner],
    status_code=200,
    opt=audited_as(PlayerAction.PLAYER_ERASED) | answers(errors.NotFound),
)
async def erase_player(
    player_id: PlayerId, actor: NamedDependency[Actor], database: NamedDependency[Database]
) -> PlayerErased:
    """Replace a person's names and addresses in all stored commits; it cannot be undone. An account stays."""
    async with database.transaction() as tx:
        return await erasing.erase(tx, player_id, actor)


players_router = Router(
    "/players",
    route_handlers=[
        list_players,
        show_own,
        change_own,
        list_suggestions,
        dismiss_suggestion,
        list_dismissed_suggestions,
        take_back_dismissal,
        show_player,
        list_events,
        change_player,
        merge_players,
        split_player,
        erase_player,
    ],
    cache_control=CacheControlHeader(no_store=True),
    tags=["players"],
)
