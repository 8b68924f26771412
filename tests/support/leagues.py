"""Leagues of the tests: made in a database, with commits that arrive when a test says."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import text

from tests.support.commits import sha_of
from tests.support.database import execute, rows, until_query
from tests.support.world import World
from tgl_protocol.projects import NewRepo
from tgl_server.access.ids import ProjectId, RepoId
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.followers.runner import catch_up
from tgl_server.leagues.models import League, Season
from tgl_server.leagues.preview import preview_rules
from tgl_server.leagues.rules import Rules
from tgl_server.leagues.seasons import create_season, open_season
from tgl_server.leagues.service import NEW_RULES, RepoOfLeague, create_league, set_repos
from tgl_server.projects.service import register_repo

#: In the future: servers of other tests, which follow this database too, see no week of it begin or end.
START = date(2031, 1, 6)
MONDAY = datetime(2031, 1, 6, tzinfo=UTC)
NOBODY = Actor()

Stored = dict[str, Any]

_ARE_SCORED = """
    SELECT bool_and(m.seq = s.ingest_seq) FROM follower_marks m JOIN repo_states s USING (repo_id)
    WHERE m.follower IN ('leagues', 'players')
"""

_INSERT = text("""
    INSERT INTO commits (repo_id, sha, author_date, commit_date, ingested_at, additions, deletions, files_changed,
                         parent_count, is_merge, author_name, author_email, committer_name, committer_email,
                         message_title, message_body)
    SELECT CAST(:repo_id AS uuid), g.sha, g.at, g.at, CAST(:arrived AS timestamptz), g.additions, g.deletions, g.files,
           1, g.is_merge, g.name, g.email, g.name, g.email, g.title, g.body
    FROM unnest(CAST(:sha AS bytea[]), CAST(:at AS timestamptz[]), CAST(:additions AS integer[]),
                CAST(:deletions AS integer[]), CAST(:files AS integer[]), CAST(:is_merge AS boolean[]),
                CAST(:name AS text[]), CAST(:email AS text[]), CAST(:title AS text[]),
                CAST(:body AS text[]))
         AS g (sha, at, additions, deletions, files, is_merge, name, email, title, body)
    ON CONFLICT DO NOTHING
""")

_COUNT = text("""
    WITH state AS (
        UPDATE repo_states SET ingest_seq = ingest_seq + 1, total_commits = total_commits + :inserted
        WHERE repo_id = :repo_id RETURNING ingest_seq
    )
    INSERT INTO ingest_log (repo_id, seq, at, inserted, kind)
    SELECT CAST(:repo_id AS uuid), ingest_seq, CAST(:arrived AS timestamptz), CAST(:inserted AS integer), 'stored'
    FROM state
""")

_MOVE_TIP = text("""
    WITH state AS (
        UPDATE repo_states SET ingest_seq = ingest_seq + 1, head = 'refs/heads/main'
        WHERE repo_id = :repo_id RETURNING ingest_seq
    ), logged AS (
        INSERT INTO ingest_log (repo_id, seq, at, kind)
        SELECT CAST(:repo_id AS uuid), ingest_seq, CAST(:at AS timestamptz), 'refs' FROM state
    )
    INSERT INTO ref_updates (repo_id, seq, name, sha, at)
    SELECT CAST(:repo_id AS uuid), ingest_seq, 'refs/heads/main', CAST(:sha AS bytea), CAST(:at AS timestamptz)
    FROM state
""")

_TABLES = {
    "ledger": "player_id, sha, repo_id, identity_id, value, day, position, own, verdict, change, sharers",
    "ledger_shares": "player_id, sha, repo_id, author_id, day, value",
    "player_days": "player_id, day, changes, value, points",
    "player_weeks": "player_id, week, days, changes, value, points",
    "standings": "player_id, points, week_points, weeks, days, best_week, rank, is_tied",
}


class MadeLeague(Struct, frozen=True):
    """A league with an open season over some repositories, in their order."""

    league_id: UUID
    season_id: UUID
    repos: list[RepoId]


def stored(label: object, at: datetime = MONDAY, **fields: Any) -> Stored:
    """A commit as it is stored, of Ada's."""
    plain = {"additions": 30, "deletions": 0, "files": 1, "is_merge": False, "name": "Ada", "email": "ada@example.com"}
    return {"sha": bytes.fromhex(sha_of(label)), "at": at, "title": f"commit {label}", "body": None, **plain, **fields}


async def arrive(database: Database, repo_id: UUID, commits: Iterable[Stored], at: datetime | None = None) -> None:
    """Store commits as one batch that arrived at a moment; those that are there already are not stored again."""
    batch = list(commits)
    arrived = at or max(commit["at"] for commit in batch) + timedelta(minutes=1)
    where = {"repo_id": repo_id, "arrived": arrived}
    columns = {name: [commit[name] for commit in batch] for name in batch[0]}
    async with database.transaction() as tx:
        inserted = (await tx.execute(_INSERT, {**where, **columns})).rowcount  # type: ignore[attr-defined]
        if inserted:
            await tx.execute(_COUNT, {**where, "inserted": inserted})


async def connect(database: Database, repo_id: UUID, parents: dict[bytes, list[bytes]]) -> None:
    """Give stored commits their parents."""
    for sha, above in parents.items():
        which = {"repo_id": repo_id, "sha": sha, "parents": above}
        await execute(
            database, "UPDATE commits SET parents = :parents WHERE repo_id = :repo_id AND sha = :sha", **which
        )


async def move_tip(database: Database, repo_id: UUID, sha: bytes, at: datetime) -> None:
    """Let the default branch's tip be a commit from a moment on, as a push tells it."""
    async with database.transaction() as tx:
        await tx.execute(_MOVE_TIP, {"repo_id": repo_id, "sha": sha, "at": at})


async def until_scored(database: Database) -> None:
    """Score all that is stored; a server of other tests that follows too is waited for."""
    await catch_up(database, FOLLOWERS)
    await until_query(database, _ARE_SCORED)


async def make_league(
    database: Database,
    world: World,
    *,
    repos: int = 1,
    starts: date = START,
    weeks: int = 6,
    rules: Rules = NEW_RULES,
    now: datetime = MONDAY + timedelta(days=70),
    taken_in: datetime = MONDAY,
) -> MadeLeague:
    """A league over the world's repository and more of its project; the season is open and begins on 6 January 2031."""
    async with database.transaction() as tx:
        ids = [RepoId(world.repo_id)]
        for number in range(1, repos):
            new = NewRepo(name=f"more-{number}")
            ids.append(RepoId((await register_repo(tx, ProjectId(world.project_id), new, NOBODY, FOLLOWERS)).id))
        league = await create_league(tx, world.user_id, "premier", "Premier League", NOBODY, rules)
        await set_repos(tx, league.id, [RepoOfLeague(repo_id) for repo_id in ids], NOBODY)
        await tx.execute(text("UPDATE league_repos SET taken_in = :at"), {"at": taken_in})
        season = await create_season(tx, league.id, starts, weeks, NOBODY)
        await open_season(tx, season.id, NOBODY, now)
    return MadeLeague(league.id, season.id, ids)


async def results(database: Database, season_id: UUID) -> dict[str, list[tuple[Any, ...]]]:
    """All rows that the scorer keeps of a season, in an order of their own."""
    found = {}
    for table, columns in _TABLES.items():
        query = f"SELECT {columns} FROM {table} WHERE season_id = :season_id"
        found[table] = sorted((tuple(row) for row in await rows(database, query, season_id=season_id)), key=repr)
    return found


async def points(database: Database, season_id: UUID) -> dict[str, tuple[int, list[int]]]:
    """Season points and week points of each player, by name; of two with one name, those of the younger player."""
    query = """
        SELECT p.name, s.points, s.week_points FROM standings s JOIN players p ON p.id = s.player_id
        WHERE s.season_id = :season_id ORDER BY s.player_id
    """
    return {row[0]: (row[1], row[2]) for row in await rows(database, query, season_id=season_id)}


async def check_preview(database: Database, made: MadeLeague, rules: Rules) -> None:
    """A preview of the season begins with the very points that are stored, by its own rules."""
    async with database.transaction() as tx:
        season = await tx.get_one(Season, made.season_id)
        league = await tx.get_one(League, season.league_id)
        other = replace(rules, best_days=1)
        found = await preview_rules(tx, league, other, season.number, None, MONDAY, most=1000)
    stored = {name: each[0] for name, each in (await points(database, made.season_id)).items()}
    moved = {each.name: each.points_before for each in found.moved}
    assert moved
    assert moved.items() <= stored.items()


def generated(chance: Random, count: int, people: Sequence[str] = ("ada", "ben", "cem", "dia")) -> list[Stored]:
    """Commits of a few people over the weeks of a season and around it; many are copies, some are not to count."""
    found: list[Stored] = []
    for number in range(count):
        if found and chance.random() < 0.3:
            found.append(_copy(chance, chance.choice(found), number))
            continue
        person = chance.choice(people)
        at = MONDAY + timedelta(days=chance.randrange(-3, 45), seconds=chance.randrange(0, 86400, 7200))
        lines = (chance.choice([0, 1, 3, 30, 30, 400]), chance.choice([0, 0, 2]))
        title = chance.choice([f"Change {number}", "Bump", "Fix it", f'Revert "{number}"'])
        found.append(
            stored(
                (number, chance.random()),
                at,
                title=title,
                additions=lines[0],
                deletions=lines[1],
                files=chance.choice([0, 1, 1, 1, 2]),
                is_merge=chance.random() < 0.1,
                name=chance.choice([person.title(), person.title(), f"{person} bot"]),
                email=f"{person}@example.com",
                body=_trailers(chance, people),
            )
        )
    return found


def _trailers(chance: Random, people: Sequence[str]) -> str | None:
    """A message that names co-authors, often nobody; some are bots, and some have no commit."""
    named = chance.sample([*people, "eve", "helper bot"], chance.choice([0, 0, 0, 1, 2, 5]))
    lines = [f"Co-authored-by: {each.title()} <{each.replace(' ', '-')}@example.com>" for each in named]
    return "\n".join(["Why.", "", *lines]) if named else None


def _copy(chance: Random, commit: Stored, number: int) -> Stored:
    """A copy by one of the ways in which copies come about."""
    change = chance.choice(
        [
            {},
            {"title": f"{commit['title']} (#{number})"},
            {"at": commit["at"] + timedelta(days=1)},
            {"additions": 31},
            {"body": None},
        ]
    )
    sha = chance.choice([commit["sha"], bytes.fromhex(sha_of(("copy", number, chance.random())))])
    return {**commit, **change, "sha": sha} if sha != commit["sha"] else dict(commit)
