"""The caller's own day in running seasons: its points, and what the next step takes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping, text

from tgl_protocol.leagues import LeagueDay
from tgl_server.leagues.follower import NAME
from tgl_server.leagues.rules import parse_rules
from tgl_server.leagues.scoring import to_date
from tgl_server.leagues.terms import Reader

# The day of each season by its league's clock, for a player who takes part: has an identity, and is not hidden.
_TODAY = text("""
    SELECT l.slug, s.number, t.day, CAST(r.document AS text) AS document,
           coalesce(d.points, 0) AS points, coalesce(d.changes, 0) AS changes, coalesce(d.value, 0) AS value,
           EXISTS (
               SELECT FROM league_repos b JOIN follower_marks m ON m.repo_id = b.repo_id AND m.follower = :follower
               JOIN repo_states g ON g.repo_id = b.repo_id AND g.ingest_seq > m.seq
               WHERE b.league_id = l.id AND (CAST(:repo_id AS uuid) IS NULL OR b.repo_id = :repo_id)
           ) AS is_behind
    FROM leagues l
    JOIN seasons s ON s.league_id = l.id AND s.state IN ('open', 'closing')
    JOIN rules r ON r.league_id = l.id AND r.version = s.rules_version
    JOIN players p ON p.user_id = :user_id AND p.visibility <> 'hidden'
    CROSS JOIN LATERAL (
        SELECT CAST(floor_div(
            CAST(floor(extract(epoch FROM now())) AS bigint)
            + 60 * CAST(r.document ->> 'day_offset_minutes' AS bigint), 86400
        ) AS integer) AS day
    ) t
    LEFT JOIN player_days d ON d.season_id = s.id AND d.player_id = p.id AND d.day = t.day
    WHERE (CAST(:league_id AS uuid) IS NULL OR l.id = :league_id)
      AND (CAST(:repo_id AS uuid) IS NULL
           OR EXISTS (SELECT FROM league_repos b WHERE b.league_id = l.id AND b.repo_id = :repo_id))
      AND t.day - (s.starts - DATE '1970-01-01') BETWEEN 0 AND 7 * s.weeks - 1
      AND EXISTS (SELECT FROM identities i WHERE i.player_id = p.id)
    ORDER BY l.slug
""")


async def own_days(
    connection: Reader, user_id: UUID, *, repo_id: UUID | None = None, league_id: UUID | None = None
) -> list[LeagueDay]:
    """Somebody's day in the running seasons of one league, or of the leagues with a repository."""
    which = {"user_id": user_id, "repo_id": repo_id, "league_id": league_id, "follower": NAME}
    return [_day(row) for row in (await connection.execute(_TODAY, which)).mappings()]


def _day(row: RowMapping) -> LeagueDay:
    rules = parse_rules(row["document"])
    most = rules.line_points[-1] + rules.commit_points[-1]
    changes, lines = _to_go(rules.commit_steps, row["changes"]), _to_go(rules.line_steps, row["value"])
    return LeagueDay(
        **{name: row[name] for name in ("points", "changes", "value", "is_behind")},
        league=row["slug"],
        season=row["number"],
        day=to_date(row["day"]),
        most=most,
        changes_to_go=changes,
        lines_to_go=lines,
        sentence=sentence_of(row["points"], most, changes, lines),
    )


def _to_go(steps: Sequence[int], reached: int) -> int | None:
    return next((step - reached for step in steps if step > reached), None)


def sentence_of(points: int, most: int, changes: int | None, lines: int | None) -> str:
    """A day in one line: its points, and what is missing to the next step."""
    missing = [
        f"{number:,} {word if number == 1 else word + 's'}"
        for number, word in ((changes, "change"), (lines, "line"))
        if number is not None
    ]
    said = f"today {points} of {most} points"
    return f"{said}, {' or '.join(missing)} to go for the next step" if missing else f"{said}: the day is full"
