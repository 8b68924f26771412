"""What the pages of tables show: rows with their scale, the podium, and how far a season is."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from litestar import Request
from msgspec import Struct
from msgspec.structs import replace

from tgl_protocol.league_players import WeekTable
from tgl_protocol.leagues import Place, SeasonInfo, SeasonState, SeasonTable
from tgl_server.leagues.reading import FoundSeason
from tgl_server.leagues.rules import Board, Rules
from tgl_server.web.preferences import chosen
from tgl_server.web.words import count

AnyRequest = Request[Any, Any, Any]

#: Official tables of fewer players are not shown: two people are no league.
LEAST_PLAYERS: Final = 3
_MOST_ON_A_STEP: Final = 3
_STATES: Final = {
    SeasonState.DRAFT: ("Planned", "idle"),
    SeasonState.OPEN: ("Running", "running"),
    SeasonState.CLOSING: ("Played", "paused"),
    SeasonState.CLOSED: ("Closed", "idle"),
}


class Step(Struct, frozen=True):
    """A step of the podium: its rank, and who stands on it together."""

    rank: int
    places: Sequence[Place]


class Standings(Struct, frozen=True, kw_only=True):
    """A season's table as its page shows it; without ranks it is by name."""

    rows: Sequence[Place]
    podium: Sequence[Step]
    players: int
    is_ranked: bool
    is_too_small: bool
    is_cut: bool
    best_week: int
    leader: int


def standings(request: AnyRequest, season: FoundSeason, table: SeasonTable) -> Standings:
    """The table as the viewer wants it."""
    is_ranked = shows_ranks(request)
    is_small = season.info.is_official and table.players < LEAST_PLAYERS
    rows = [place for place in table.items if place.is_me] if is_small else table.items
    return Standings(
        rows=rows if is_ranked else sorted(rows, key=lambda place: place.name.casefold()),
        podium=() if is_small or not is_ranked else podium(table.items),
        players=table.players,
        is_ranked=is_ranked and not is_small,
        is_too_small=is_small,
        is_cut=season.rules.board is Board.TOP_AND_ME and len(table.items) < table.players,
        best_week=max((place.best_week for place in table.items), default=0),
        leader=max((place.points for place in table.items), default=0),
    )


def podium(places: Sequence[Place]) -> list[Step]:
    """The first three ranks with points, of those that few enough share; none of fewer than three players."""
    scored = [place for place in places if place.points]
    steps: dict[int, list[Place]] = {}
    for place in scored:
        if place.rank <= 3:
            steps.setdefault(place.rank, []).append(place)
    if len(scored) < LEAST_PLAYERS:
        return []
    return [Step(rank, shared) for rank, shared in steps.items() if len(shared) <= _MOST_ON_A_STEP]


def shows_ranks(request: AnyRequest) -> bool:
    """False for a viewer who wants to see no ranks."""
    return chosen(request).get("ranks") != "off"


def best_week(rules: Rules) -> int:
    """The most points that a week can give."""
    return rules.best_days * best_day(rules)


def best_day(rules: Rules) -> int:
    """The most points that a day can give."""
    return rules.line_points[-1] + rules.commit_points[-1]


class Clock(Struct, frozen=True):
    """How far a season is, in words and in weeks."""

    state: str
    badge: str
    words: str
    ends: date


def clock(season: SeasonInfo) -> Clock:
    """How far a season is."""
    state, badge = _STATES[season.state]
    ends = season.starts + timedelta(days=7 * season.weeks - 1)
    if season.state is SeasonState.DRAFT:
        words = f"{count(season.weeks, 'week')} from {season.starts:%-d %b %Y}"
    elif season.state is SeasonState.OPEN:
        words = f"Week {season.begun} of {season.weeks}"
    elif season.state is SeasonState.CLOSING:
        open_weeks = "; the last ones still take what was written in them" if season.is_official else ""
        words = f"All weeks are played{open_weeks}"
    else:
        words = f"{count(season.weeks, 'week')}, closed for good"
    return Clock(state, badge, words, ends)


def ranked_week(request: AnyRequest, season: FoundSeason, table: WeekTable) -> tuple[WeekTable, bool]:
    """A week's table as the viewer wants it, and whether with ranks."""
    is_small = season.info.is_official and table.players < LEAST_PLAYERS
    is_ranked = shows_ranks(request) and not is_small
    if is_ranked:
        return table, True
    shown = [place for place in table.items if place.is_me or not is_small]
    return replace(table, items=sorted(shown, key=lambda place: place.name.casefold())), False
