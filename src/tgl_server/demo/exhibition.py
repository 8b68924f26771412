"""The exhibition of a demo: a league over the pushed repository, with a season over its last weeks with commits.

Nobody has witnessed when its commits were written, so their dates count as they are written, and nothing is official.
A demo of the same repository goes on with the season that is there; one that has newer commits opens the next.
"""

import re
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.accounts.service import COMMAND_LINE, find_user
from tgl_server.db.engine import Database
from tgl_server.demo import queries
from tgl_server.demo.stage import USER, Stage
from tgl_server.leagues.models import League, Season
from tgl_server.leagues.rules import Board, Counting, Dates, Fixtures
from tgl_server.leagues.seasons import Seasons, create_season, open_season
from tgl_server.leagues.service import NEW_RULES, RepoOfLeague, create_league, find_league, set_repos

WEEKS: Final = 12
_RULES: Final = replace(
    NEW_RULES, counting=Counting.PUSHED, dates=Dates.AS_WRITTEN, board=Board.ALL, fixtures=Fixtures.PLAYERS
)
_WEEK: Final = timedelta(weeks=1)


class Exhibition(Struct, frozen=True):
    """The season of a demo: the path of its table, its days, and how many players have points."""

    path: str
    starts: date
    ends: date
    players: int


async def open_exhibition(database: Database, stage: Stage) -> Exhibition | None:
    """The exhibition of a repository, opened if it is not there; None for a repository without commits."""
    async with database.transaction() as tx:
        await tx.execute(queries.ONE_AT_A_TIME)
        newest = await tx.scalar(queries.NEWEST_COMMIT, {"repo_id": stage.repo_id})
        if newest is None:
            return None
        league = await _league(tx, stage)
        season = await _season(tx, league, _monday(newest))
        players = await tx.scalar(queries.PLACES, {"season_id": season.id})
        ends = season.starts + season.weeks * _WEEK - timedelta(days=1)
        return Exhibition(f"/leagues/{league.slug}/seasons/{season.number}", season.starts, ends, players)


async def _league(tx: AsyncSession, stage: Stage) -> League:
    slug = league_slug(stage.repo)
    found = await find_league(tx, slug)
    if found is not None:
        return found
    user = await find_user(tx, USER)
    assert user is not None, "the stage has made the user"
    made = await create_league(
        tx, user.id, slug, f"The league of {stage.repo.rpartition('-')[0]}", COMMAND_LINE, _RULES
    )
    await set_repos(tx, made.id, [RepoOfLeague(RepoId(stage.repo_id))], COMMAND_LINE)
    return made


async def _season(tx: AsyncSession, league: League, newest: date) -> Season:
    """The season that has the newest week, or else a new one that ends with it, but begins after the last."""
    seasons = await Seasons(session=tx).get_many(league_id=league.id)
    last = max(seasons, key=lambda each: each.number, default=None)
    if last is not None and newest < last.starts + last.weeks * _WEEK:
        return last
    starts = newest - (WEEKS - 1) * _WEEK
    if last is not None:
        starts = max(starts, last.starts + last.weeks * _WEEK)
    season = await create_season(tx, league.id, starts, WEEKS, COMMAND_LINE, name=f"Exhibition {len(seasons) + 1}")
    await open_season(tx, season.id, COMMAND_LINE)
    return season


def league_slug(repo: str) -> str:
    """The name in addresses of a repository's league: repositories may be called in any script, leagues may not."""
    plain = re.sub(r"[^a-z0-9]+", "-", repo.lower()).strip("-")
    return f"{plain[-50:].lstrip('-')}-league"


def _monday(moment: datetime) -> date:
    return moment.date() - timedelta(days=moment.weekday())
