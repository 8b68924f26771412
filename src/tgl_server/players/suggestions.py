"""Suggestions of players that look like one person, for a commissioner to judge."""

from uuid import UUID

from tgl_protocol.joining import Suggestion, SuggestionList
from tgl_server.players import joining_queries as queries
from tgl_server.players.identifying import Reader
from tgl_server.players.reading import players_by_id
from tgl_server.players.suggesting import Known, suggest

# More identities than these are not compared.
_MOST = 50_000
_SHOWN = 200


async def list_suggestions(reader: Reader, viewer: UUID | None) -> SuggestionList:
    """At most 200 groups of players that look like one person; who is not shown is in none."""
    rows = await reader.execute(queries.KNOWN, {"limit": _MOST})
    known = [
        Known(row.email, tuple(row.names), row.player_id, row.player_id if row.user_id is not None else None)
        for row in rows
    ]
    accounts = [(row.email, row.player_id) for row in await reader.execute(queries.ACCOUNTS, {"limit": _MOST})]
    groups = suggest(known, accounts)[:_SHOWN]
    players = await players_by_id(reader, sorted({player for group in groups for player in group.players}), viewer)
    return SuggestionList(
        [
            Suggestion(reason=group.reason, value=group.value, players=[players[player] for player in group.players])
            for group in groups
        ]
    )
