"""The routes of badges: choosing one's own, and the picture, which is for everybody."""

from litestar import Response, get, patch
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import JSONBody

from tgl_protocol.league_players import OwnEntry, OwnEntryChange
from tgl_server import errors
from tgl_server.access.callers import session_user
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.client_address import AnyConnection
from tgl_server.http.declarations import admits_anyone, answers, answers_text
from tgl_server.http.text_rules import is_storable
from tgl_server.leagues import badges, pictures
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.paths import Slug
from tgl_server.leagues.player_routes import PlayerId
from tgl_server.leagues.reading import get_league

SVG_MEDIA_TYPE = "image/svg+xml"
#: Pages elsewhere show it, and the caches before them may keep it for some minutes.
_HEADERS = {"Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}


@admits_anyone()
async def anybody(_: AnyConnection, __: BaseRouteHandler) -> None:
    """Anybody: the player has chosen to show it."""


@patch("/{league:str}/me", guards=[session_user], opt=audited_as(LeagueAction.BADGE_CHOSEN) | answers(errors.NotFound))
async def change_own_entry(
    league: Slug,
    data: JSONBody[OwnEntryChange],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> OwnEntry:
    """Choose whether your place in a league is shown to everybody, by a picture for pages elsewhere."""
    async with database.statements() as connection:
        found = await get_league(connection, principal, league)
    async with database.transaction() as tx:
        return await badges.choose_badge(tx, found.id, league, principal.user_id, actor, is_shown=data.badge)


@get(
    "/{league:str}/players/{player:uuid}/badge.svg",
    guards=[anybody],
    media_type=SVG_MEDIA_TYPE,
    opt=answers(errors.NotFound) | answers_text(SVG_MEDIA_TYPE),
)
async def show_badge(league: Slug, player: PlayerId, database: NamedDependency[Database]) -> Response[bytes]:
    """Show a player's place in the newest season of a league as a picture, if the player has chosen so."""
    if not is_storable(league):
        raise errors.NotFound("There is no badge here.")
    async with database.statements() as connection:
        drawn = await badges.read_badge(connection, league, player)
    return Response(drawn.encode(), media_type=SVG_MEDIA_TYPE, headers=_HEADERS)


@get(
    "/{league:str}/table.svg",
    guards=[anybody],
    media_type=SVG_MEDIA_TYPE,
    opt=answers(errors.NotFound) | answers_text(SVG_MEDIA_TYPE),
)
async def show_table_picture(league: Slug, database: NamedDependency[Database]) -> Response[bytes]:
    """Show the first ten of those who show a badge, in the newest season of a league, as a picture."""
    if not is_storable(league):
        raise errors.NotFound("There is no table here.")
    async with database.statements() as connection:
        drawn = await pictures.read_table(connection, league)
    return Response(drawn.encode(), media_type=SVG_MEDIA_TYPE, headers=_HEADERS)


BADGE_ROUTES = (change_own_entry, show_badge, show_table_picture)
