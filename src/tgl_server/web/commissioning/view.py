"""The parts that all pages of commissioning share: where they are, and a league as they show it."""

from typing import Any, Final

from litestar import Request
from litestar.di import NamedDependency
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.league_changes import LeagueRepoInfo
from tgl_protocol.leagues import LeagueInfo, SeasonInfo
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.leagues import reading
from tgl_server.settings import Settings

AnyRequest = Request[Any, Any, Any]

LEAGUES: Final = "/administration/leagues"
LEAGUE: Final = f"{LEAGUES}/{{league:str}}"
SEASON: Final = f"{LEAGUE}/seasons/{{number:int}}"


class Desk(Struct, frozen=True):
    """A request of a commissioner, and what its handlers need."""

    request: AnyRequest
    principal: Principal
    actor: Actor
    database: Database
    settings: Settings


def provide_desk(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Desk:
    """The desk of a request; its guard has seen that a commissioner asks."""
    return Desk(request, principal, actor, database, settings)


class LeagueShown(Struct, frozen=True):
    """A league with its repositories and seasons."""

    info: LeagueInfo
    repos: list[LeagueRepoInfo]
    seasons: list[SeasonInfo]

    @property
    def path(self) -> str:
        return f"{LEAGUES}/{self.info.slug}"


async def read_league(tx: AsyncSession, desk: Desk, slug: str) -> LeagueShown:
    """A league as the pages show it; raises `NotFound`."""
    info = await reading.get_league(tx, desk.principal, slug)
    repos = await reading.list_repos(tx, desk.principal, slug)
    seasons = await reading.list_seasons(tx, desk.principal, slug)
    return LeagueShown(info, repos.items, seasons.items)
