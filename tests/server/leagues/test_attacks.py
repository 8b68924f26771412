"""What attempts at gaming gain: a week of an honest player is worth 39 of 75, and each attempt is shown with its own.

No attempt exceeds the ceiling of 75. Where one gains something, the case says so: these are the rules' known limits.
"""

from collections.abc import Callable

import pytest

from tests.support.seasons import START, Work, again, honest, score, week_of, work
from tgl_server.leagues.rules import Counting, Rules
from tgl_server.leagues.scoring import span_of

HONEST = 39
CEILING = 75


def one_liners(day: int, number: int) -> list[Work]:
    return [work(day=day, lines=(1, 0)) for _ in range(number)]


def sixty_commits_a_day() -> list[Work]:
    return [each for day in range(5) for each in one_liners(day, 60)]


def vendored_import() -> list[Work]:
    return [*honest(), work(lines=(100_000, 0), files=900)]


def reformat() -> list[Work]:
    return [*honest(), work(lines=(5000, 5000), files=200)]


def add_and_delete() -> list[Work]:
    lines = ((1000, 0), (0, 1000))
    return [*honest(), *(work(day=day, lines=lines[turn % 2]) for day in range(5) for turn in range(20))]


def add_and_revert() -> list[Work]:
    titles = ('Revert "Add"', 'Reapply "Add"')
    return [
        *honest(),
        *(work(day=day, lines=(1000, 0), title=titles[turn % 2]) for day in range(5) for turn in range(20)),
    ]


def empty_commits() -> list[Work]:
    return [*honest(), *(work(day=number % 5, lines=(0, 0), files=0) for number in range(1000))]


def script() -> list[Work]:
    return [each for day in range(7) for each in one_liners(day, 24)]


def trivial_commit_daily() -> list[Work]:
    return [each for day in range(7) for each in one_liners(day, 1)]


def rebased_ten_times() -> list[Work]:
    own = honest()
    return [*own, *(again(each) for _ in range(10) for each in own)]


def squashed_too() -> list[Work]:
    return [*honest(), *(work(day=day, lines=(60, 0), landed=day) for day in range(5))]


def backdated_on_sunday() -> list[Work]:
    return [work(day=number % 5, lines=(1, 0), arrived=6) for number in range(300)]


def swap_with_a_friend() -> list[Work]:
    return [*honest("ada", named=["ben"]), *honest("ben", named=["ada"])]


def registered_three_times() -> list[Work]:
    own = honest()
    return [again(each, sha=each.sha, position=position) for each in own for position in range(3)]


def titles_with(word: str) -> Callable[[], list[Work]]:
    return lambda: [again(each, title=f"{word} {each.title}") for each in honest()]


def poisoned_copies() -> list[Work]:
    """Somebody pushes the victim's commits again, with one line, and shas as small as they like."""
    own = honest()
    return [*own, *(again(each, lines=(1, 0), sha=bytes(18) + bytes(divmod(n, 256))) for n, each in enumerate(own))]


def forged_self_reverts() -> list[Work]:
    own = honest()
    return [*own, *(work(day=each.day, title=f'Revert "{each.title}"', lines=(0, 30)) for each in own)]


def titles_edited_at_each_amend() -> list[Work]:
    own = honest()
    return [*own, *(again(each, title=f"{each.title}, take {take}") for take in range(5) for each in own)]


def second_own_address() -> list[Work]:
    """Identities of one person are one player."""
    own = honest()
    return [*own, *(again(each, email="ada@home.example") for each in own)]


def moved_to_another_repository_and_back() -> list[Work]:
    own = honest()
    return [*own, *(again(each, position=1) for each in own), *(again(each) for each in own)]


def submodule_bumps() -> list[Work]:
    """A limit: changes of one title and size are one change. They are taken for one even if they are not."""
    return [work(day=day, title="Bump the submodule", lines=(1, 1)) for day in range(5) for _ in range(2)]


def one_day_spread_by_forged_dates() -> list[Work]:
    return [work(day=number // 2, arrived=4) for number in range(10)]


def one_day_as_it_was() -> list[Work]:
    return [work(day=4) for _ in range(10)]


def ahead_of_the_clock() -> list[Work]:
    """My own: dates in the next week, to fill it beforehand; they count on the day of their arrival."""
    return [*honest(), *(work(day=7 + number % 5, arrived=4) for number in range(10))]


def a_pull_request_number_each_time() -> list[Work]:
    """My own: the title differs by the number that a forge adds, the date is fresh, the size is the same."""
    own = honest()
    return [
        *own,
        *(
            again(each, title=f"{each.title} (#{n})", second=each.second + 100 * (n + 1))
            for n in range(9)
            for each in own
        ),
    ]


def one_more_line_each_day() -> list[Work]:
    """My own: an old branch rebased each day with a fresh date and one more line is new work to the rules."""
    branch = [work(lines=(60 + number, 0)) for number in range(5)]
    return [
        again(each, day=day, second=each.second + 3 * day, lines=(each.lines[0] + day, 0))
        for day in range(7)
        for each in branch
    ]


def unclaimed_second_self() -> list[Work]:
    """My own: naming one's own second address, which nobody has claimed, shares the lines with another player."""
    return honest(named=["ada's second self"])


def credit_from_a_bot() -> list[Work]:
    """My own: a bot's commits that name a person count as that person's, and no more than their own would."""
    bot = {"name": "helper[bot]", "email": "helper@bots.example"}
    return [again(each, who="bot", named=["ada"], **bot) for day in range(7) for each in [work(day=day), work(day=day)]]


CASES: dict[str, tuple[Callable[[], list[Work]], int]] = {
    "the honest week": (honest, HONEST),
    "60 lines a day as 60 commits": (sixty_commits_a_day, 51),
    "vendored import of 100,000 lines": (vendored_import, 49),
    "reformat 5,000 + 5,000 lines": (reformat, 49),
    "add and delete 1000 lines, ten times a day": (add_and_delete, CEILING),
    "the same as reverts": (add_and_revert, HONEST),
    "1000 empty commits": (empty_commits, HONEST),
    "script: 24 one-line commits a day": (script, 42),
    "one trivial commit on all 7 days": (trivial_commit_daily, 9),
    "branch rebased ten times": (rebased_ten_times, HONEST),
    "squash merges with originals pushed": (squashed_too, 54),
    "300 backdated commits pushed on Sunday": (backdated_on_sunday, 51),
    "co-author swap with a friend": (swap_with_a_friend, HONEST),
    "repository registered three times": (registered_three_times, HONEST),
    "fix in each title": (titles_with("fix"), HONEST),
    "test in each title": (titles_with("test"), HONEST),
    "copies poisoned under a victim's address": (poisoned_copies, HONEST),
    "forged self-reverts": (forged_self_reverts, HONEST),
    "titles edited at each amend": (titles_edited_at_each_amend, HONEST),
    "the same commits under a second own address": (second_own_address, HONEST),
    "work moved between two repositories and back": (moved_to_another_repository_and_back, HONEST),
    "submodule bumps": (submodule_bumps, 3),
    "one day's work": (one_day_as_it_was, 23),
    "one day's work spread by forged dates": (one_day_spread_by_forged_dates, HONEST),
    "dates ahead of the clock": (ahead_of_the_clock, 51),
    "a pull request's number each time": (a_pull_request_number_each_time, HONEST),
    "one more line each day": (one_more_line_each_day, CEILING),
    "an unclaimed second self": (unclaimed_second_self, 30),
    "credit from a bot": (credit_from_a_bot, HONEST),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_attempt_is_worth_what_is_written_here(name: str) -> None:
    attempt, points = CASES[name]
    found = score(attempt())
    assert week_of(found) == points
    assert max(max(weeks) for weeks in found.weeks.values()) <= CEILING


def test_of_a_squash_and_its_originals_what_landed_counts() -> None:
    own = [again(each, landed=each.day) for each in honest()]
    assert week_of(score(own, counting=Counting.LANDED)) == HONEST
    assert week_of(score(squashed_too(), counting=Counting.LANDED)) == 33


def test_a_script_of_commits_that_never_land_is_worth_nothing() -> None:
    assert week_of(score(script(), counting=Counting.LANDED)) == 0


def test_an_old_branch_rebased_with_fresh_dates_each_day_counts_once() -> None:
    branch = [work(lines=(60 + number, 0)) for number in range(5)]
    daily = [again(each, day=day, second=each.second + 3 * day) for day in range(84) for each in branch]
    found = score(daily)
    assert sum(sum(weeks) for weeks in found.weeks.values()) == 23


def test_a_free_rider_in_trailers_counts_on_one_day_and_costs_the_host() -> None:
    found = score(honest(named=["rider"]))
    assert (week_of(found, "rider"), week_of(found)) == (7, 30)


def test_four_who_name_each_other_are_worth_no_more_than_alone() -> None:
    four = ["ada", "ben", "cem", "dia"]
    found = score([each for who in four for each in honest(who, named=four)])
    assert [week_of(found, who) for who in four] == [HONEST] * 4
    riding = score([each for who in four for each in honest(who, named=four)[:2]])
    assert [week_of(riding, who) for who in four] == [13] * 4


def test_a_strike_holds_for_a_rebased_copy() -> None:
    own = honest()
    copies = [again(each, day=each.day + 7) for each in own]
    found = score([*own, *copies], struck=[each.sha for each in own])
    assert found.days == []


def test_a_cron_that_was_broken_for_three_weeks_loses_nothing_once_the_weeks_are_extended() -> None:
    late = [again(each, arrived=21) for week in range(3) for each in honest(week=week)]
    plain = span_of(Rules(), START, 12)
    longer = type(plain)(plain.first_day, plain.weeks, tuple(second + 14 * 86400 for second in plain.closes))
    assert [week_of(score(late, span=longer), week=week) for week in range(4)] == [HONEST, HONEST, HONEST, 0]
    # Otherwise the two weeks that are closed count in the seven days before their arrival.
    assert [week_of(score(late, span=plain), week=week) for week in range(4)] == [0, 0, 69, 18]


def test_the_size_of_a_forged_bridge_between_two_changes_of_a_victim() -> None:
    """A limit: whoever may push to a league's repository can make two changes look like one. A strike corrects it."""
    first, second = work(day=0, lines=(30, 0)), work(day=1, lines=(50, 0))
    bridge = [again(first, lines=second.lines), again(first, lines=second.lines, title=second.title)]
    assert week_of(score([first, second])) == 8 + 11
    assert week_of(score([first, second, *bridge])) == 11
