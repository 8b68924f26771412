"""The routes of seals: the chain, what each was made of, and amendments of closed seasons."""

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter

from tgl_protocol.seals import Amendment, AmendmentWish, SealList, SealText
from tgl_server import errors
from tgl_server.access.callers import commissioner
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.declarations import answers
from tgl_server.leagues import chain, reading, seasons
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.amending import amend_season
from tgl_server.leagues.paths import Number, Slug, reads_leagues

_SEASON = "/{league:str}/seasons/{number:int}"

Seq = Annotated[
    int, PathParameter(ge=1, le=1_000_000, description="The number of the seal", examples=[Example(value=1)])
]


@get(f"{_SEASON}/seals", guards=[reads_leagues], opt=answers(errors.NotFound))
async def list_seals(
    league: Slug, number: Number, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> SealList:
    """List the seals of a season, amendments among them, in the order of their chain."""
    async with database.transaction() as tx:
        await reading.get_season(tx, principal, league, number)
        season = await seasons.season_of(tx, league, number)
        return SealList(await chain.list_seals(tx, season.id, principal.user_id))


@get(f"{_SEASON}/seals/{{seq:int}}", guards=[commissioner], opt=answers(errors.NotFound))
async def get_seal(league: Slug, number: Number, seq: Seq, database: NamedDependency[Database]) -> SealText:
    """Show what a seal was made of, also after an amendment."""
    async with database.transaction() as tx:
        season = await seasons.season_of(tx, league, number)
        return await chain.get_seal(tx, season.id, seq)


@post(
    f"{_SEASON}/amend",
    guards=[commissioner],
    status_code=200,
    opt=audited_as(LeagueAction.SEASON_AMENDED) | answers(errors.NotFound, errors.Conflict),
)
async def amend_closed_season(
    league: Slug,
    number: Number,
    data: JSONBody[AmendmentWish],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> Amendment:
    """Show what an amendment of a closed season changes, or do exactly that, with the token of that answer.

    Identities that have moved since it closed take their points with them, and strikes are set or taken back. The old
    seals stay.
    """
    async with database.transaction() as tx:
        season = await seasons.season_of(tx, league, number)
        return await amend_season(tx, season, data, actor, principal.user_id)


SEALS = (list_seals, get_seal, amend_closed_season)
