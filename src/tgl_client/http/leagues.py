"""What leagues say of a commit, and of the day of whoever pushed, where a server has leagues and the key sees them."""

import asyncio
from contextlib import suppress
from typing import Final

from tgl_client import errors
from tgl_client.http.address import Target
from tgl_client.http.api import Api
from tgl_protocol.leagues import LeagueDay, LeagueExplanation

#: The longest time for which the end of a push waits for the server to score it.
TODAY_SECONDS: Final = 0.8
_LOOK_SECONDS: Final = 0.1


async def explained_by_leagues(api: Api, sha: str) -> dict[str, LeagueExplanation]:
    """What each league that has the commit says of it, by the league's slug; nothing if the key sees none.

    A server without leagues knows no such address, and a key that is restricted to repositories sees no players.
    """
    try:
        found = {league.slug: await api.explain_in_league(league.slug, sha) for league in await api.leagues()}
    except (errors.UnknownTargetError, errors.NotAllowedError):
        return {}
    return {slug: each for slug, each in found.items() if each.copies}


async def today(api: Api, target: Target) -> list[LeagueDay]:
    """The points of today of the key's owner in the leagues with a repository, after what was pushed last.

    Takes at most `TODAY_SECONDS`, and gives nothing where the server does not answer.
    """
    api, found = api.heard_by(lambda *_: None), list[LeagueDay]()
    with suppress(errors.TglError, TimeoutError):
        async with asyncio.timeout(TODAY_SECONDS):
            while True:
                found = await api.own_days(target)
                if not any(day.is_behind for day in found):
                    break
                await asyncio.sleep(_LOOK_SECONDS)
    return found
