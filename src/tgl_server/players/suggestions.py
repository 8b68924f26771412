"""Suggestions of players that look like one person, for a commissioner to judge, and those that are dismissed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.joining import Dismissal, DismissedPage, DismissedSuggestion, Suggestion, SuggestionList
from tgl_protocol.problem import FieldError
from tgl_server.audit.service import Actor, record
from tgl_server.errors import InvalidBody, NotFound
from tgl_server.http.pagination import cut_page, decode_cursor
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


async def list_dismissed(
    reader: Reader, viewer: UUID | None, *, limit: int, cursor: str | None = None
) -> DismissedPage:
    """One page of the suggestions that were dismissed, the newest first."""
    (before,) = decode_cursor(cursor, tuple[UUID]) if cursor else (None,)
    rows = (await reader.execute(queries.LIST_DISMISSED, {"before": before, "limit": limit + 1})).mappings().all()
    page, next_cursor = cut_page(rows, limit, lambda row: (row["id"],))
    return DismissedPage(await _shown(reader, viewer, page), next_cursor)


async def take_back(tx: AsyncSession, id_: UUID, by: Actor) -> DismissedSuggestion:
    """Forget that a suggestion was dismissed, so that these players may be suggested again; raises `NotFound`."""
    row = (await tx.execute(queries.TAKE_BACK, {"id": id_})).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such dismissed suggestion.")
    details = {"players": [str(player) for player in row["players"]]}
    await record(tx, by.did(PlayerAction.SUGGESTION_TAKEN_BACK, "player", row["players"][0], **details))
    (gone,) = await _shown(tx, by.user_id, [row])
    return gone


async def _shown(reader: Reader, viewer: UUID | None, rows: Sequence[RowMapping]) -> list[DismissedSuggestion]:
    players = await players_by_id(reader, sorted({player for row in rows for player in row["players"]}), viewer)
    return [
        DismissedSuggestion(**{**row, "players": [players[id_] for id_ in row["players"] if id_ in players]})
        for row in rows
    ]
