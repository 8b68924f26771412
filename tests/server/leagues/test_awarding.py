"""The formulas of awards: who may win, what a debut and a comeback are, and how much somebody improved."""

from datetime import date
from uuid import UUID

import pytest

from tests.support.seasons import player
from tgl_protocol.awards import AwardName, RecordName
from tgl_server.leagues.awarding import Deeds, Entry, awards_of, comeback, gardened_lines, improved, month_weeks
from tgl_server.leagues.records import PlayedSeason, longest_run, records_of
from tgl_server.leagues.rules import Dates, Rules
from tgl_server.leagues.scoring import span_of, to_day

ADA, BEN, CEM, DIA = map(player, ("ada", "ben", "cem", "dia"))
ALL = tuple(AwardName)
RULES, SHOW = Rules(drop_weeks=0, awards=ALL), Rules(drop_weeks=0, awards=ALL, dates=Dates.AS_WRITTEN)
SPAN = span_of(RULES, date(2026, 1, 5), 8)


def winners(name: AwardName, deeds: Deeds, settled: int = 8, rules: Rules = RULES) -> dict[int, set[UUID]]:
    found: dict[int, set[UUID]] = {}
    for each in awards_of(rules, SPAN, settled, deeds):
        if each.name is name:
            found.setdefault(each.week, set()).add(each.player)
    return found


def test_equal_players_share_an_award_and_who_may_not_win_passes_it_on() -> None:
    weeks = {ADA: [9, 5, *[0] * 6], BEN: [9, 7, *[0] * 6], CEM: [3, 9, *[0] * 6]}
    name = AwardName.PLAYER_OF_THE_WEEK
    assert winners(name, Deeds(weeks)) == {0: {ADA, BEN}, 1: {CEM}}
    barred = {CEM: Entry(barred_from=1), ADA: Entry(barred_from=0)}
    assert winners(name, Deeds(weeks, entries=barred)) == {0: {BEN}, 1: {BEN}}
    assert winners(name, Deeds({ADA: weeks[ADA], BEN: weeks[BEN]})) == {}
    assert winners(name, Deeds({ADA: weeks[ADA]}), rules=SHOW) == {0: {ADA}, 1: {ADA}}
    assert winners(name, Deeds(weeks), rules=Rules(awards=(AwardName.IRON,))) == {}


def test_the_champion_is_the_first_rank_and_equal_points_do_not_share_it() -> None:
    weeks = {ADA: [9, 1, *[0] * 6], BEN: [5, 5, *[0] * 6], CEM: [1] * 8}
    assert winners(AwardName.CHAMPION, Deeds(weeks)) == {7: {ADA}}
    assert winners(AwardName.CHAMPION, Deeds(weeks, entries={ADA: Entry(barred_from=3)})) == {7: {BEN}}
    assert winners(AwardName.CHAMPION, Deeds(weeks), settled=7) == {}
    assert winners(AwardName.IRON, Deeds(weeks)) == {7: {CEM}}


def test_a_debut_is_a_first_week_and_the_first_week_of_a_league_has_none() -> None:
    weeks = {ADA: [9, 9, *[0] * 6], BEN: [0, 7, *[0] * 6], CEM: [3, 8, *[0] * 6], DIA: [2, 9, *[0] * 6]}
    veteran = {CEM: Entry(earlier=1)}
    assert winners(AwardName.DEBUT, Deeds(weeks, entries=veteran)) == {0: {ADA}, 1: {BEN}}
    two = Deeds({**weeks, BEN: [1, 0, 9, *[0] * 5]}, entries=veteran)
    assert winners(AwardName.DEBUT, two) == {0: {ADA}}
    assert winners(AwardName.DEBUT, Deeds({**weeks, CEM: [5] * 8}, is_first_season=True)) == {1: {BEN}}
    assert winners(AwardName.ROOKIE, Deeds(weeks, entries=veteran)) == {7: {ADA}}
    assert winners(AwardName.ROOKIE, Deeds(weeks, is_first_season=True)) == {}


def test_months_have_the_weeks_whose_thursday_lies_in_them() -> None:
    assert month_weeks(to_day(date(2026, 1, 5)), 8) == [range(4), range(4, 8)]
    assert month_weeks(to_day(date(2026, 6, 29)), 4) == [range(4)]
    weeks = {ADA: [1, 0, 0, 0, 9, 0, 0, 0], BEN: [5] * 8, CEM: [4] * 8}
    assert winners(AwardName.PLAYER_OF_THE_MONTH, Deeds(weeks)) == {3: {BEN}, 7: {BEN}}
    assert winners(AwardName.PLAYER_OF_THE_MONTH, Deeds(weeks), settled=5) == {3: {BEN}}


@pytest.mark.parametrize(
    ("has_played", "weeks", "points"),
    [
        (False, [5, 0, 0, 0, 0, 7, 0, 8], 15),
        (True, [0, 0, 0, 0, 7, 1, 8, 9], 16),
        (False, [0, 0, 0, 0, 7, 1, 8, 9], 0),
        (False, [5, 0, 0, 0, 7, 9, 9, 9], 0),
        (False, [5, 0, 0, 0, 0, 0, 8, 9], 0),
    ],
)
def test_a_comeback_is_three_weeks_after_four_empty_ones(has_played: bool, weeks: list[int], points: int) -> None:
    assert comeback(has_played, weeks) == points


def test_improving_compares_medians_of_weeks_with_points_in_half_points() -> None:
    assert improved([1, 2, 3, 4, 5, 6, 0, 0], [0, 9, 9, 9, 9, 9, 9]) == 11
    assert improved([1, 2, 3, 4, 5, 0], [9] * 6) == 0
    assert improved([9] * 6, [1] * 6) == 0


def test_a_gardener_gains_nothing_by_adding_lines_and_deleting_them_again() -> None:
    assert gardened_lines(1, 30, 31) == 29
    assert gardened_lines(0, 9000, 320) + gardened_lines(9000, 0, 320) == 0
    assert gardened_lines(0, 9000, 0) == 0


@pytest.mark.parametrize(
    ("points", "run"),
    [
        ([0, 0, 0], (0, 0, 0)),
        ([0, 5, 0, 0, 5, 0], (2, 1, 4)),
        ([5, 0, 0, 0, 5, 5], (2, 4, 5)),
        ([5, 0, 5, 0, 5, *[5] * 7, 0, 5], (10, 0, 11)),
        ([5, 0, 5, 0, *[5] * 9, 0, 5], (12, 0, 14)),
    ],
)
def test_a_run_has_two_weeks_without_points_in_any_twelve(points: list[int], run: tuple[int, int, int]) -> None:
    assert longest_run(points) == run


def test_equal_players_share_a_record_and_who_reaches_it_twice_has_it_once() -> None:
    first = to_day(date(2026, 1, 5))
    seasons = [
        PlayedSeason(ADA, 1, first, 4, [7, 7, 0, 0]),
        PlayedSeason(BEN, 1, first, 4, [0, 0, 7, 0]),
        PlayedSeason(BEN, 2, first + 28, 4, [7, 6]),
    ]
    found = {(each.name, each.player, each.value, each.season, each.first) for each in records_of(seasons)}
    assert found == {
        (RecordName.BEST_WEEK, ADA, 7, 1, 0),
        (RecordName.BEST_WEEK, BEN, 7, 1, 2),
        (RecordName.BEST_MONTH, ADA, 14, 1, 0),
        (RecordName.LONGEST_RUN, ADA, 2, 1, 0),
        (RecordName.LONGEST_RUN, BEN, 2, 2, 0),
    }
