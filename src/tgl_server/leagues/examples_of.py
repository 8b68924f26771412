"""What has happened in a season, as examples for its rules."""

from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_server.leagues.examples_queries import EXAMPLES
from tgl_server.leagues.happened import DayExample, Seen, WeekExample
from tgl_server.leagues.models import VERDICTS
from tgl_server.leagues.reading import FoundSeason
from tgl_server.leagues.scoring import DaySum, day_points, to_date


async def seen_in(connection: AsyncConnection, season: FoundSeason) -> Seen:
    """What has happened in a season, as far as the scorer has come; one statement."""
    asked = {"season_id": season.id, "first_day": season.first_day, "best_days": season.rules.best_days}
    row = (await connection.execute(EXAMPLES, asked)).mappings().one()
    day, week = None, None
    if row["day"] is not None:
        day = DayExample(
            day=to_date(row["day"]),
            changes=row["changes"],
            value=row["value"],
            line_points=day_points(season.rules, DaySum(0, row["value"])),
            points=row["day_points"],
        )
    if row["week"] is not None:
        week = WeekExample(
            week=row["week"] + 1, days=row["week_days"], points=row["week_points"], all_points=row["week_all_points"]
        )
    return Seen(
        commits=row["commits"],
        verdicts={VERDICTS[code]: number for code, number in row["verdicts"]},
        largest_change=row["largest_change"] or 0,
        most_copies=row["most_copies"] or 0,
        day=day,
        week=week,
        season_points=row["season_points"] or 0,
        all_week_points=row["season_all_points"] or 0,
        tied=row["tied"],
        players=row["players"],
    )
