"""Scoring from the stored commits: a whole season, one repository, or some authors. Like the scorer, under the season's
lock."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, TextClause
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.leagues import queries, scoring_queries
from tgl_server.leagues.crediting import credits_kept, credits_now, keep_credits
from tgl_server.leagues.facts import load_facts
from tgl_server.leagues.judging import Naming, commits_naming, given, whose
from tgl_server.leagues.judging_queries import AUTHORS, INSERT_JUDGED, PLAYERS_OF_REPOS
from tgl_server.leagues.landing import land
from tgl_server.leagues.rules import Counting
from tgl_server.leagues.scorer import insert_rows, judge_rows, score_players
from tgl_server.leagues.sealing import Why, reseal, why_moved
from tgl_server.leagues.sharing import delete_loose, forget_naming, note_named
from tgl_server.leagues.sharing_queries import DELETE_NAMED
from tgl_server.leagues.terms import Credit, ScoredSeason, Whose
from tgl_server.players.identifying import Author

_COMMITS: Final = 5000
_PLAYERS: Final = 200
_BY_ITSELF: Final = Why(reason="A repository's commits were read again")


async def credit_authors(tx: AsyncSession, season: ScoredSeason, authors: Iterable[Author]) -> dict[Author, Credit]:
    """Whom these authors are credited to now; if that has changed, the commits of before go to them too."""
    kept = await credits_kept(tx, season.id)
    now = await credits_now(tx, set(authors))
    news = {author: credit for author, credit in now.items() if kept.get(author) != credit}
    if not news:
        return now
    await keep_credits(tx, season.id, news)
    moved = {author: kept[author] for author in news if author in kept}
    if moved:
        await _move_authors(tx, season, moved, kept | now)
        why = await why_moved(tx, season.id, {credit.identity_id for credit in moved.values()})
        await reseal(tx, season, why)
    return now


async def credit_anew(tx: AsyncSession, season: ScoredSeason) -> None:
    """Look for claims, merges, splits and people who opted out or came back, and score what they change."""
    await credit_authors(tx, season, await credits_kept(tx, season.id))


async def score_season(tx: AsyncSession, season: ScoredSeason) -> None:
    """Compute a whole season from nothing but the stored commits and the players' identities."""
    for statement in scoring_queries.DELETE_SEASON:
        await tx.execute(statement, {"season_id": season.id})
    await tx.execute(scoring_queries.MORE_MEMORY)
    await _read_repos(tx, season, list(season.repos))
    await tx.execute(scoring_queries.ANALYZE)
    players = list(await tx.scalars(scoring_queries.PLAYERS, {"season_id": season.id}))
    for start in range(0, len(players), _PLAYERS):
        await score_players(tx, season, players[start : start + _PLAYERS])
    await reseal(tx, season, Why(reason="The season was computed again from the stored commits"))


async def score_repo(tx: AsyncSession, season: ScoredSeason, repo_id: RepoId, why: Why = _BY_ITSELF) -> None:
    """Compute a repository's rows anew from its stored commits, and all that they touch."""
    before = await _delete_of_repos(tx, season, [repo_id])
    after = await _read_repos(tx, season, [repo_id]) if repo_id in season.repos else set()
    await score_players(tx, season, before | after)
    await reseal(tx, season, why)


async def forget_repos(tx: AsyncSession, season: ScoredSeason, repo_ids: Sequence[RepoId], why: Why) -> None:
    """Delete the rows of repositories, and compute anew what they touch."""
    await score_players(tx, season, await _delete_of_repos(tx, season, repo_ids))
    await reseal(tx, season, why)


async def _delete_of_repos(tx: AsyncSession, season: ScoredSeason, repo_ids: Sequence[RepoId]) -> set[UUID]:
    await tx.execute(queries.SPREAD_STRIKES, {"season_id": season.id})
    which = {"season_id": season.id, "repo_ids": list(repo_ids)}
    await tx.execute(queries.UNSEAL_OF_REPOS, which)
    players = set(await tx.scalars(queries.DELETE_OF_REPOS, which))
    await tx.execute(DELETE_NAMED, which)
    return players | await delete_loose(tx, season.id)


async def _read_repos(tx: AsyncSession, season: ScoredSeason, repo_ids: Sequence[RepoId]) -> set[UUID]:
    """Put all commits of repositories that have no rows into the ledger, by one statement; the players in it."""
    for repo_id in repo_ids:
        if season.repos[repo_id].counting is Counting.LANDED:
            await land(tx, repo_id)
    which = {"repo_ids": list(repo_ids), "since": season.since}
    authors = {Author(*row) for row in await tx.execute(AUTHORS, which)}
    naming = await commits_naming(tx, season, repo_ids)
    credited = await credits_now(tx, authors.union(*(each.named for each in naming)))
    await keep_credits(tx, season.id, credited)
    works = whose(season, naming, credited)
    await tx.execute(INSERT_JUDGED, {"season_id": season.id, **given(season, repo_ids, credited, naming, works)})
    await note_named(tx, season.id, _named(naming, works))
    return set(await tx.scalars(PLAYERS_OF_REPOS, {"season_id": season.id, "repo_ids": list(repo_ids)}))


def _named(naming: Sequence[Naming], works: Sequence[Whose | None]) -> list[tuple[UUID, UUID, bytes]]:
    return [
        (other, each.repo_id, each.sha)
        for each, work in zip(naming, works, strict=True)
        if work is not None
        for other in work.others
    ]


async def _move_authors(
    tx: AsyncSession, season: ScoredSeason, moved: Mapping[Author, Credit], credited: Mapping[Author, Credit]
) -> None:
    """Give the rows of some authors, which were credited as `moved` says, to those to whom they are credited now.

    Rows name an identity and not an author, so all authors of these identities are read again.
    """
    identities = {credit.identity_id for credit in moved.values()}
    players = {credit.player_id for credit in moved.values()}
    await tx.execute(queries.SPREAD_STRIKES, {"season_id": season.id})
    which = {"season_id": season.id, "player_ids": sorted(players), "identity_ids": sorted(identities)}
    await tx.execute(queries.UNSEAL_OF_IDENTITIES, which)
    await tx.execute(queries.DELETE_OF_IDENTITIES, which)
    naming, owners = await forget_naming(tx, season.id, sorted(identities))
    players |= owners | await delete_loose(tx, season.id)
    again = [author for author, credit in credited.items() if author in moved or credit.identity_id in identities]
    for repo_id in season.repos:
        given = {"emails": [author.email for author in again], "names": [author.name for author in again]}
        wanted = {"repo_id": repo_id, "since": season.since, **given}
        async for commits in stored_commits(tx, scoring_queries.COMMITS_OF_AUTHORS, wanted):
            players |= await _insert(tx, season, repo_id, commits, credited)
        which = {"repo_id": repo_id, "since": season.since, "shas": naming.get(repo_id, [])}
        async for commits in stored_commits(tx, scoring_queries.COMMITS_OF_SHAS, which):
            players |= await _insert(tx, season, repo_id, commits, credited)
    await score_players(tx, season, players)


async def _insert(
    tx: AsyncSession,
    season: ScoredSeason,
    repo_id: RepoId,
    commits: Sequence[RowMapping],
    credited: Mapping[Author, Credit],
) -> set[UUID]:
    facts = await load_facts(tx, season, repo_id, commits)
    # Commits that are not followed yet may name people whom the season does not know.
    unknown = facts.authors(commits) - credited.keys()
    if unknown:
        found = await credits_now(tx, unknown)
        await keep_credits(tx, season.id, found)
        credited = {**credited, **found}
    rows = judge_rows(season, repo_id, commits, credited, facts)
    if rows:
        await insert_rows(tx, season, repo_id, rows)
    return {row["player_id"] for row in rows}


async def stored_commits(
    tx: AsyncSession, statement: TextClause, which: Mapping[str, Any]
) -> AsyncIterator[Sequence[RowMapping]]:
    """The commits that a statement finds, some thousands at a time."""
    found = await tx.stream(statement, which, execution_options={"yield_per": _COMMITS})
    async for commits in found.mappings().partitions(_COMMITS):
        yield commits
