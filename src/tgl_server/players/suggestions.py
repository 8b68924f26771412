"""Suggestions of players that look like one person, for a commissioner to judge, and those that are dismissed."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.joining import Dismissal, Suggestion, SuggestionList
from tgl_protocol.problem import FieldError
from tgl_server.audit.service import Actor, record
from tgl_server.errors import InvalidBody, NotFound
from tgl_server.players import joining_queries as queries
from tgl_server.players.actions import PlayerAction
from tgl_server.players.identifying import Reader
from tgl_server.players.reading import players_by_id
from tgl_server.players.suggesting import Known, not_dismissed, suggest

# More identities than these are not compared.
_MOST = 50_000
_SHOWN = 200
_LEAST = 2


async def list_suggestions(reader: Reader, viewer: UUID | None) -> SuggestionList:
    """At most 200 groups of players that look like one person; who is not shown is in none."""
    rows = await reader.execute(queries.KNOWN, {"limit": _MOST})
    known = [
        Known(row.email, tuple(row.names), row.player_id, row.player_id if row.user_id is not None else None)
        for row in rows
    ]
    accounts = [(row.email, row.player_id) for row in await reader.execute(queries.ACCOUNTS, {"limit": _MOST})]
    dismissed = [frozenset(row.players) for row in await reader.execute(queries.DISMISSED, {"limit": _MOST})]
    groups = not_dismissed(suggest(known, accounts), dismissed)[:_SHOWN]
    players = await players_by_id(reader, sorted({player for group in groups for player in group.players}), viewer)
    return SuggestionList(
        [
            Suggestion(reason=group.reason, value=group.value, players=[players[player] for player in group.players])
            for group in groups
        ]
    )


async def dismiss(tx: AsyncSession, wish: Dismissal, by: Actor) -> list[UUID]:
    """Suggest a group of these players no more, until another looks like them too; raises `NotFound` and 422 errors."""
    players = sorted(set(wish.players))
    if len(players) < _LEAST:
        raise InvalidBody(errors=[FieldError("Name at least two players", field="players")])
    if len((await tx.execute(queries.PLAYERS_OF, {"ids": players})).all()) < len(players):
        raise NotFound("One of these players is not known.")
    row = {"id": uuid7(), "players": players, "user_id": by.user_id, "reason": wish.reason}
    await tx.execute(queries.DISMISS, row)
    details = {"players": [str(player) for player in players]}
    await record(tx, by.did(PlayerAction.SUGGESTION_DISMISSED, "player", players[0], **details))
    return players
