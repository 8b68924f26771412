"""The follower that scores commits in the open seasons of the leagues that have their repository."""

from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.commits.models import IngestKind
from tgl_server.followers.follower import Follower, Gulp, Reader
from tgl_server.leagues import queries, scoring_queries
from tgl_server.leagues.facts import load_facts
from tgl_server.leagues.landing import land
from tgl_server.leagues.landing_queries import FORGET
from tgl_server.leagues.losses import find_losses
from tgl_server.leagues.rescoring import credit_authors, forget_repos, score_repo
from tgl_server.leagues.rules import Counting
from tgl_server.leagues.scorer import add_rows, judge_rows
from tgl_server.leagues.sealing import Why, reseal
from tgl_server.leagues.terms import COLUMNS, Fields, ScoredSeason, load_season

NAME: Final = "leagues"


async def _add(tx: AsyncSession, gulp: Gulp) -> None:
    """Score commits, and those that have landed with moved tips, or score them again: the same rows come of it."""
    moved = [entry.seq for entry in gulp.entries if entry.kind is IngestKind.REFS]
    if not gulp.commits and not moved:
        return
    seasons = [season async for season in locked_seasons(tx, [gulp.repo_id])]
    landing = [season for season in seasons if season.repos[gulp.repo_id].counting is Counting.LANDED]
    crossed = await land(tx, gulp.repo_id, moved) if landing and moved else []
    for season in seasons:
        later = await _commits(tx, season, gulp.repo_id, crossed) if season in landing else []
        await _score(tx, season, gulp.repo_id, [*gulp.commits, *later])


async def _commits(tx: AsyncSession, season: ScoredSeason, repo_id: RepoId, shas: Sequence[bytes]) -> list[Fields]:
    if not shas:
        return []
    which = {"repo_id": repo_id, "shas": list(shas), "since": season.since}
    return list((await tx.execute(scoring_queries.COMMITS_OF_SHAS, which)).mappings())


async def _score(tx: AsyncSession, season: ScoredSeason, repo_id: RepoId, found: Sequence[Fields]) -> None:
    commits = list({commit["sha"]: commit for commit in found}.values())
    if not commits:
        return
    facts = await load_facts(tx, season, repo_id, commits)
    credited = await credit_authors(tx, season, facts.authors(commits))
    rows = judge_rows(season, repo_id, commits, credited, facts)
    await add_rows(tx, season, repo_id, rows)
    # Nothing arrives in a sealed week, but by dates that are trusted, or that count as they are written.
    if any(row["day"] < season.settled_day for row in rows):
        await reseal(tx, season, Why(reason="Commits of a sealed week were stored, or read again"))


async def _rebuild(tx: AsyncSession, repo_id: RepoId) -> None:
    async for season in locked_seasons(tx, [repo_id]):
        await score_repo(tx, season, repo_id)


async def _forget(tx: AsyncSession, repo_ids: Sequence[RepoId]) -> None:
    """Take repositories out of leagues; seasons that are closed keep what was scored."""
    async for season in locked_seasons(tx, repo_ids):
        await forget_repos(tx, season, repo_ids, Why(reason="A repository was deleted, or its commits"))
    await tx.execute(scoring_queries.LEAGUES_WITHOUT, {"repo_ids": list(repo_ids)})
    await tx.execute(FORGET, {"repo_ids": list(repo_ids)})


async def _find_wrong(reader: Reader) -> list[UUID]:
    return list(await reader.scalars(scoring_queries.FIND_WRONG, {"follower": NAME}))


async def locked_seasons(tx: AsyncSession, repo_ids: Sequence[RepoId]) -> AsyncIterator[ScoredSeason]:
    """The open seasons of the leagues that have some of these repositories; their rows stay locked."""
    for season_id in list(await tx.scalars(queries.LOCK_SEASONS, {"repo_ids": list(repo_ids)})):
        yield await load_season(tx, season_id)


LEAGUES = Follower(
    NAME,
    columns=COLUMNS,
    wanted=scoring_queries.IS_WANTED,
    add=_add,
    renew=_add,
    rebuild=_rebuild,
    forget=_forget,
    find_wrong=_find_wrong,
    losses=find_losses,
)
