"""A league in lines: its table, its running week, and one player."""

from collections.abc import Sequence

from tgl_client.terminal.words import counted, table
from tgl_protocol.leagues import LeagueInfo, OwnStanding, Place, SeasonInfo, SeasonTable

_TOP = 10
_AROUND = 2


def described_table(league: LeagueInfo, found: SeasonTable, *, is_week: bool, whole: bool) -> list[str]:
    """The table of a season, or that of its running week: the first ten and those around the reader, or all."""
    places = _by_week(found.items) if is_week else [(place.rank, place.is_tied, place) for place in found.items]
    shown = places if whole else _some(places)
    heads = ("", "player", "week", "season") if is_week else ("", "player", "points", "weeks", "days", "best week")
    rows = [_row(place, rank, is_tied=is_tied, is_week=is_week) for rank, is_tied, place in shown]
    lines = table([heads, *rows]) if rows else ["  nobody has points yet"]
    left = len(places) - len(shown)
    more = [f"{counted(left, 'more player')}; --all shows them"] if left else []
    return [_title(league, found.season), *lines, *more]


def described_me(found: OwnStanding) -> list[str]:
    """The reader in a league."""
    if found.season is None:
        return [f"{found.league.name}: no season has begun yet"]
    lines = [_title(found.league, found.season)]
    if found.place is None:
        lines.append("you have no points in it yet; are your commits' addresses yours? See your player page")
    else:
        place = found.place
        rank = f"{place.rank}=" if place.is_tied else f"{place.rank}"
        lines.append(f"{place.name}: place {rank} with {counted(place.points, 'point')}")
        lines.append(f"weeks: {' '.join(map(str, place.week_points))}, best {place.best_week}")
    if found.today is not None:
        lines.append(found.today.sentence)
    return lines


def _title(league: LeagueInfo, season: SeasonInfo) -> str:
    unofficial = "" if season.is_official else ", unofficial"
    return f"{league.name}, {season.name}: week {season.begun} of {season.weeks}, {season.state}{unofficial}"


def _row(place: Place, rank: int, *, is_tied: bool, is_week: bool) -> tuple[str, ...]:
    name = f"{place.name} (you)" if place.is_me else place.name
    first = f"{rank}=" if is_tied else f"{rank}"
    if is_week:
        return first, name, str(_of_week(place)), str(place.points)
    return first, name, str(place.points), str(place.weeks), str(place.days), str(place.best_week)


def _by_week(places: Sequence[Place]) -> list[tuple[int, bool, Place]]:
    """The players with points in the running week, the greatest first; equal ones share a rank."""
    played = sorted((place for place in places if _of_week(place)), key=_of_week, reverse=True)
    points = [_of_week(place) for place in played]
    return [(points.index(own) + 1, points.count(own) > 1, place) for own, place in zip(points, played, strict=True)]


def _of_week(place: Place) -> int:
    return place.week_points[-1] if place.week_points else 0


def _some(places: list[tuple[int, bool, Place]]) -> list[tuple[int, bool, Place]]:
    own = next((index for index, (_, _, place) in enumerate(places) if place.is_me), 0)
    return [each for index, each in enumerate(places) if index < _TOP or abs(index - own) <= _AROUND]
