"""The caller's own day in running seasons: its points, and what the next step takes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping

from tgl_protocol.leagues import LeagueDay
from tgl_server.leagues.follower import NAME
from tgl_server.leagues.own_days_queries import TODAY
from tgl_server.leagues.rules import parse_rules
from tgl_server.leagues.scoring import to_date
from tgl_server.leagues.terms import Reader


async def own_days(
    connection: Reader, user_id: UUID, *, repo_id: UUID | None = None, league_id: UUID | None = None
) -> list[LeagueDay]:
    """Somebody's day in the running seasons of one league, or of the leagues with a repository."""
    which = {"user_id": user_id, "repo_id": repo_id, "league_id": league_id, "follower": NAME}
    return [_day(row) for row in (await connection.execute(TODAY, which)).mappings()]


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
