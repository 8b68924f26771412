"""The scorer: puts commits into the ledger of a season, and computes anew what they touch. It never adds to a sum.

So commits that come twice, late, in any order or grouping lead to the same rows. Whoever calls holds the lock of the
season's row.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.leagues import queries, totals_queries
from tgl_server.leagues.copies import Trait, closed
from tgl_server.leagues.facts import Facts
from tgl_server.leagues.judging import as_array
from tgl_server.leagues.models import VERDICT_CODES
from tgl_server.leagues.reference import is_comparable
from tgl_server.leagues.rules import Counting
from tgl_server.leagues.sharing import note_named, share_all, share_changes
from tgl_server.leagues.terms import Credit, Fields, ScoredSeason, judged, trait_of, whose_work
from tgl_server.players.identifying import Author

Row = dict[str, Any]


def judge_rows(
    season: ScoredSeason, repo_id: RepoId, commits: Iterable[Fields], credited: Mapping[Author, Credit], facts: Facts
) -> list[Row]:
    """The rows of the ledger for commits of one repository, without those that are not of the season."""
    terms = season.repos[repo_id]
    found = []
    for commit in commits:
        author = Author(commit["author_email"], commit["author_name"])
        whose = whose_work(season.rules, author, facts.named.get(commit["sha"], ()), credited)
        verdict = judged(season, terms, commit, whose, facts.landed.get(commit["sha"]))
        if verdict is None:
            continue
        trait = trait_of(commit)
        found.append(
            {
                "player_id": whose.credit.player_id,
                "authored_at": trait.second,
                "sha": commit["sha"],
                "identity_id": whose.credit.identity_id,
                "arrived_at": commit["ingested_at"],
                "title_key": trait.title_key,
                "additions": trait.additions,
                "deletions": trait.deletions,
                "files": trait.files,
                "value": verdict.value,
                "day": verdict.day,
                "own": VERDICT_CODES[verdict.verdict],
                "sharers": as_array(whose.sharers),
                "is_comparable": is_comparable(verdict.verdict),
                "others": whose.others,
            }
        )
    return found


async def insert_rows(tx: AsyncSession, season: ScoredSeason, repo_id: RepoId, rows: Sequence[Row]) -> None:
    """Store rows of the ledger; those that are there stay as they are, unless they had not landed."""
    names = (name for name in rows[0] if name not in ("is_comparable", "others"))
    where = {"season_id": season.id, "repo_id": repo_id, "position": season.repos[repo_id].position}
    is_landed = season.repos[repo_id].counting is Counting.LANDED
    await tx.execute(queries.INSERT_LANDED if is_landed else queries.INSERT, {**where, **_columns(rows, *names)})
    await note_named(tx, season.id, [(other, repo_id, row["sha"]) for row in rows for other in row["others"]])


async def add_rows(tx: AsyncSession, season: ScoredSeason, repo_id: RepoId, rows: Sequence[Row]) -> None:
    """Store rows of the ledger, find the changes that they are copies of, and compute anew what they touch."""
    if not rows:
        return
    await insert_rows(tx, season, repo_id, rows)
    joined = await _joined(tx, season, [row for row in rows if row["is_comparable"]])
    moved = [(player, old, new) for (player, old), new in joined.items() if old != new]
    if moved:
        given = dict(zip(("player_id", "change", "joined"), map(list, zip(*moved, strict=True)), strict=True))
        await tx.execute(queries.JOIN_CHANGES, {"season_id": season.id, **given})
    touched = {(player, new) for (player, _), new in joined.items()}
    touched |= {(row["player_id"], row["sha"]) for row in rows if not row["is_comparable"]}
    await decide(tx, season, touched)


async def decide(tx: AsyncSession, season: ScoredSeason, changes: Iterable[tuple[UUID, bytes]]) -> None:
    """Decide which copies of changes count, given by player and name, and compute their days and places anew."""
    players, names = map(list, zip(*sorted(changes), strict=True))
    which = {"season_id": season.id, "player_id": players, "change": names}
    await tx.execute(queries.DECIDE, which)
    days = {(row.player_id, row.day) for row in await tx.execute(queries.DAYS_OF_CHANGES, which)}
    days |= await share_changes(tx, which)
    await _add_up(tx, season, days)
    await place(tx, season, {*players, *(player for player, _ in days)})


async def _add_up(tx: AsyncSession, season: ScoredSeason, days: Collection[tuple[UUID, int]]) -> None:
    """Compute some days of players anew, and their weeks."""
    players, numbers = map(list, zip(*sorted(days), strict=True)) if days else ([], [])
    given = {"season_id": season.id, "player_id": players, "day": numbers}
    await tx.execute(totals_queries.DELETE_DAYS, given)
    await tx.execute(totals_queries.INSERT_DAYS, {**given, **_steps(season)})
    weeks = {**given, "first_day": season.span.first_day}
    await tx.execute(totals_queries.DELETE_WEEKS, weeks)
    await tx.execute(totals_queries.INSERT_WEEKS, {**weeks, "best_days": season.rules.best_days})


async def score_players(tx: AsyncSession, season: ScoredSeason, players: Iterable[UUID]) -> None:
    """Compute everything of some players anew from their rows of the ledger: changes, verdicts, days and places."""
    player_ids = sorted(set(players))
    if not player_ids:
        return
    which = {"season_id": season.id, "player_ids": player_ids}
    await _name_changes(tx, season, which)
    await tx.execute(queries.DECIDE_ALL, which)
    shared = await share_all(tx, which)
    await tx.execute(totals_queries.DELETE_ALL_DAYS, which)
    await tx.execute(totals_queries.INSERT_ALL_DAYS, {**which, **_steps(season)})
    await tx.execute(totals_queries.DELETE_ALL_WEEKS, which)
    weeks = {"first_day": season.span.first_day, "best_days": season.rules.best_days}
    await tx.execute(totals_queries.INSERT_ALL_WEEKS, {**which, **weeks})
    # Co-authors among the others have these days anew, too.
    await _add_up(tx, season, [(player, day) for player, day in shared if player not in set(player_ids)])
    await place(tx, season, {*player_ids, *(player for player, _ in shared)})


async def place(tx: AsyncSession, season: ScoredSeason, players: Iterable[UUID]) -> None:
    """Compute the points of some players anew, and the places of all."""
    which = {"season_id": season.id, "player_ids": sorted(players)}
    await tx.execute(totals_queries.DELETE_STANDINGS, which)
    begun = {"begun": season.begun, "kept": season.kept_weeks}
    await tx.execute(totals_queries.INSERT_STANDINGS, {**which, **begun})
    await tx.execute(totals_queries.RANK, {"season_id": season.id})
    await tx.execute(totals_queries.NOTE_CHANGE, {"season_id": season.id})


async def _joined(tx: AsyncSession, season: ScoredSeason, rows: Sequence[Row]) -> dict[tuple[UUID, bytes], bytes]:
    """The change of each row, and of each that is one with it: by player and the name until now."""
    if not rows:
        return {}
    traits = "player_id", "authored_at", "title_key", "additions", "deletions", "files"
    alike = (await tx.execute(queries.ALIKE, {"season_id": season.id, **_columns(rows, *traits)})).mappings()
    by_player: dict[UUID, list[tuple[bytes, Trait]]] = defaultdict(list)
    for row in rows:
        by_player[row["player_id"]].append((row["sha"], _trait(row)))
    for found in alike:
        by_player[found["player_id"]].append((found["change"], _trait(found)))
    return {(player, old): new for player, own in by_player.items() for old, new in closed(own).items()}


async def _name_changes(tx: AsyncSession, season: ScoredSeason, which: Mapping[str, Any]) -> None:
    """Give the changes of some players their names, whatever they had."""
    by_player: dict[UUID, list[tuple[bytes, Trait]]] = defaultdict(list)
    had: dict[tuple[UUID, bytes], set[bytes]] = defaultdict(set)
    for row in (await tx.execute(queries.COMPARABLE, which)).mappings():
        by_player[row["player_id"]].append((row["sha"], _trait(row)))
        had[row["player_id"], row["sha"]].add(row["change"])
    renamed = [
        (player, sha, name)
        for player, own in by_player.items()
        for sha, name in closed(own).items()
        if had[player, sha] != {name}
    ]
    if renamed:
        given = dict(zip(("player_id", "sha", "change"), map(list, zip(*renamed, strict=True)), strict=True))
        await tx.execute(queries.NAME_CHANGES, {"season_id": season.id, **given})


def _steps(season: ScoredSeason) -> dict[str, list[int]]:
    rules = season.rules
    names = "line_steps", "line_points", "commit_steps", "commit_points"
    return {name: list(getattr(rules, name)) for name in names}


def _trait(row: Fields) -> Trait:
    return Trait(row["authored_at"], row["title_key"], row["additions"], row["deletions"], row["files"])


def _columns(rows: Sequence[Row], *names: str) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in names}
