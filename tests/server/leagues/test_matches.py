"""Match weeks: the draw is the same on any machine, and results, the median and the table are as written."""

from collections import Counter
from uuid import UUID

import pytest

from tests.support.seasons import player
from tgl_protocol.matches import MatchResult
from tgl_server.leagues.matches import Pair, draw, match_table, median_points, play, result_of

SEASON = UUID(int=7)
ADA, BEN, CEM, DIA = map(player, ("ada", "ben", "cem", "dia"))


@pytest.mark.parametrize("entrants", [3, 4, 7, 10])
def test_in_a_round_everybody_plays_everybody_once_and_has_at_most_one_bye(entrants: int) -> None:
    people = [player(str(number)) for number in range(entrants)]
    weeks = entrants if entrants % 2 else entrants - 1
    drawn = draw(SEASON, people, 2 * weeks)
    assert drawn == draw(SEASON, people[::-1], 2 * weeks)
    for start in (0, weeks):
        of_round = [pair for pair in drawn if start <= pair.week < start + weeks]
        met = Counter(frozenset((pair.home, pair.away)) for pair in of_round)
        assert set(met.values()) == {1}
        assert len(met) == entrants * (entrants - 1) // 2 + (entrants if entrants % 2 else 0)
        byes = Counter(pair.home for pair in of_round if pair.away is None)
        assert set(byes.values()) <= {1}
    homes = Counter((pair.home, pair.away) for pair in drawn if pair.away)
    assert set(homes.values()) == {1}


def test_the_draw_is_this_one_and_two_play_none() -> None:
    assert draw(SEASON, [ADA, BEN], 4) == []
    first = [pair for pair in draw(SEASON, [ADA, BEN, CEM, DIA], 4) if pair.week == 0]
    names = {ADA: "ada", BEN: "ben", CEM: "cem", DIA: "dia"}
    assert {(names[pair.home], names[pair.away or ADA]) for pair in first} == {("ada", "ben"), ("dia", "cem")}


@pytest.mark.parametrize(
    ("home", "away", "result"), [(0, 0, "nothing"), (3, 0, "draw"), (4, 0, "home"), (0, 4, "away"), (20, 17, "draw")]
)
def test_a_match_is_won_by_more_than_the_margin(home: int, away: int, result: str) -> None:
    assert result_of(home, away) == result


def test_the_median_game_is_won_by_more_than_half_the_margin() -> None:
    assert median_points({ADA: 10, BEN: 8, CEM: 6}) == {ADA: 3, BEN: 1, CEM: 0}
    assert median_points({ADA: 10, BEN: 9, CEM: 8, DIA: 7}) == {ADA: 1, BEN: 1, CEM: 1, DIA: 1}
    assert median_points({ADA: 1, BEN: 0, CEM: 0}) == {ADA: 1, BEN: 0, CEM: 0}


def test_a_table_counts_each_match_in_two_lines_and_those_between_equals_decide() -> None:
    weeks: list[tuple[UUID, UUID | None, dict[UUID, int]]] = [
        (ADA, BEN, {ADA: 10, BEN: 2}),
        (CEM, ADA, {CEM: 9, ADA: 1}),
        (BEN, CEM, {BEN: 0, CEM: 0}),
    ]
    played = [play(Pair(week, home, away), scores, ()) for week, (home, away, scores) in enumerate(weeks)]
    table = {line.entrant: line for line in match_table(played)}
    assert sum(line.difference for line in table.values()) == 0
    assert sum(line.won for line in table.values()) == sum(line.lost for line in table.values()) == 2
    assert [(table[each].won, table[each].lost, table[each].drawn) for each in (ADA, BEN, CEM)] == [
        (1, 1, 0), (0, 1, 0), (1, 0, 0)
    ]  # fmt: skip
    # Of two who are equal in all three numbers, the match between them decides; without one they share the rank.
    even = [play(Pair(0, ADA, CEM), {ADA: 9, CEM: 5}, ()), play(Pair(1, BEN, DIA), {BEN: 9, DIA: 5}, ())]
    assert [(line.rank, line.is_tied) for line in match_table(even)] == [(1, True), (1, True), (3, True), (3, True)]


def test_who_is_out_takes_no_part_and_the_opponent_plays_the_median_alone() -> None:
    played = [play(Pair(0, ADA, BEN), {ADA: 9, BEN: 20}, {BEN}), play(Pair(0, CEM, None), {CEM: 1}, {BEN})]
    assert [each.result for each in played] == [MatchResult.VOID, MatchResult.BYE]
    table = match_table(played)
    assert [(line.entrant, line.points, line.scored) for line in table] == [(ADA, 3, 0), (CEM, 0, 0)]
