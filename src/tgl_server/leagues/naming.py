"""The names of players as somebody is shown them; those who have hidden are in none, but to themselves."""

from collections.abc import Iterable
from uuid import UUID

from tgl_protocol.players import Visibility
from tgl_server.access.names import name_for_others
from tgl_server.leagues.naming_queries import PLAYERS
from tgl_server.leagues.terms import Reader


async def names_of_players(reader: Reader, players: Iterable[UUID], viewer: UUID | None) -> dict[UUID, str]:
    """The name of each player whom the viewer is shown; None is the command line, which is nobody."""
    found = {}
    for row in (await reader.execute(PLAYERS, {"player_ids": sorted(players)})).mappings():
        if viewer is not None and row["user_id"] == viewer:
            found[row["id"]] = str(row["name"])
        elif row["visibility"] != Visibility.HIDDEN:
            other = name_for_others(row["state"], row["visibility"], row["shown_name"])
            found[row["id"]] = other or str(row["name"])
    return found
