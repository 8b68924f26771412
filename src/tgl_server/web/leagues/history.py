"""The podiums of seasons: who leads the running ones, and who has won those that are over."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.leagues import SeasonState
from tgl_server.auth.principal import Principal
from tgl_server.leagues.reading import name_of
from tgl_server.web.leagues import queries
from tgl_server.web.leagues.standings import LEAST_PLAYERS


class Medal(Struct, frozen=True):
    """A player on the podium of a season."""

    rank: int
    points: int
    player_id: UUID
    name: str


class SeasonPodium(Struct, frozen=True, kw_only=True):
    """A season with its first places; with none while nobody has points."""

    number: int
    name: str
    state: SeasonState
    begun: int
    weeks: int
    medals: Sequence[Medal]

    @property
    def first(self) -> list[Medal]:
        """Whoever leads, or has won; several who share the place."""
        return [medal for medal in self.medals if medal.rank == 1]


async def read_history(
    connection: AsyncConnection, principal: Principal, league_ids: Sequence[UUID], *, each: bool
) -> dict[UUID, list[SeasonPodium]]:
    """Podiums by league, the newest season first: of each season that was opened, or of the newest; one statement."""
    asked = {"league_ids": list(league_ids), "viewer": principal.user_id, "each": each, "least_players": LEAST_PLAYERS}
    rows = (await connection.execute(queries.PODIUMS, asked)).mappings().all()
    seasons: dict[tuple[UUID, int], list[RowMapping]] = {}
    for row in rows:
        seasons.setdefault((row["league_id"], row["number"]), []).append(row)
    found: dict[UUID, list[SeasonPodium]] = {}
    for (league_id, _), of_season in seasons.items():
        found.setdefault(league_id, []).append(_podium(of_season, principal))
    return found


def _podium(rows: Sequence[RowMapping], principal: Principal) -> SeasonPodium:
    first = rows[0]
    return SeasonPodium(
        number=first["number"],
        name=first["season"],
        state=SeasonState(first["season_state"]),
        begun=first["begun"],
        weeks=first["season_weeks"],
        medals=[
            Medal(row["rank"], row["points"], row["player_id"], name_of(row, principal))
            for row in rows
            if row["rank"] is not None
        ],
    )
