"""The page of a league's rules: each parameter in a sentence, with an example of what has happened."""

from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tgl_protocol.leagues import SeasonState
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.leagues.examples_of import seen_in
from tgl_server.leagues.reading import find_seasons, rules_of
from tgl_server.leagues.rules import Rules
from tgl_server.leagues.wording import GAME, in_words, opening
from tgl_server.web.leagues.routes import LEAGUE
from tgl_server.web.rendering import page

_USUAL_WEEKS: Final = 12


@get(f"{LEAGUE}/rules/{{version:int}}")
async def show_rules(
    request: Request[Any, Any, Any],
    league: FromPath[str],
    version: FromPath[int],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[str]:
    """A version of the rules in words; the examples are those of the newest season that was opened under it."""
    async with database.statements() as connection:
        found = await find_seasons(connection, principal, league)
        info = await rules_of(connection, found.info, version)
        under = [each for each in found.seasons if each.info.rules_version == version]
        opened = next((each for each in under if each.info.state is not SeasonState.DRAFT), None)
        seen = await seen_in(connection, opened) if opened else None
    rules = msgspec.convert(info.document, Rules)
    weeks = under[0].info.weeks if under else _USUAL_WEEKS
    return page(
        request,
        "leagues/rules.html",
        league=found.info,
        season=opened or found.current,
        under=[each.info for each in under],
        info=info,
        opening=opening(rules, weeks),
        game=GAME,
        sections=in_words(rules, weeks, seen),
        examples_of=opened.info if opened else None,
    )


ROUTES = (show_rules,)
