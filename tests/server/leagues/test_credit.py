"""Bots, co-authors and reverts, and the copies of one change."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgl_server.leagues.copies import Trait, closed
from tgl_server.leagues.credit import co_authors, credited, is_bot, is_revert, split, title_key
from tgl_server.leagues.rules import DEFAULT_BOTS


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
        ("Renovate Bot", "renovate@example.com"),
        ("Ada", "release-bot@example.com"),
        ("Claude", "noreply@anthropic.com"),
        ("Cursor", "agent@cursor.sh"),
        ("COPILOT", "198982749+Copilot@users.noreply.github.com"),
        ("GitHub Actions Bot", "x@example.com"),
    ],
)
def test_a_bot_is_known_by_name_or_address(name: str, email: str) -> None:
    assert is_bot(DEFAULT_BOTS, name, email)


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Ada Lovelace", "ada@example.com"),
        ("Abbott", "abbott@example.com"),
        ("Bot Ada", "b@example.com"),
        ("b", "b@bot.example"),
        ("Ada", "ada@notanthropic.com"),
        ("", ""),
    ],
)
def test_a_person_is_no_bot(name: str, email: str) -> None:
    assert not is_bot(DEFAULT_BOTS, name, email)


def test_in_patterns_only_the_star_is_special() -> None:
    assert is_bot(("a.c[x]",), "A.C[X]", "")
    assert not is_bot(("a.c[x]",), "abcx", "")
    assert not is_bot((), "", "")


def test_a_title_is_the_same_with_the_number_of_its_pull_request() -> None:
    assert title_key("Carry the one (#12)") == title_key("Carry the one")
    assert title_key("Carry the one (#12) again") != title_key("Carry the one again")
    assert title_key("Carry the one (#x)") != title_key("Carry the one")
    assert title_key("Carry the one") == -4953200184151393178


def test_reverts_are_known_by_their_titles() -> None:
    assert is_revert('Revert "Carry the one"')
    assert is_revert('Reapply "Carry the one"')
    assert not is_revert("Revert the sign")


def test_co_authors_are_read_from_the_trailers_in_their_order() -> None:
    body = (
        "Why.\n\nCo-authored-by: Ada <Ada@Example.com>\nco-AUTHORED-by:Ben B <ben@example.com> \n"
        "Co-authored-by: nobody\nCo-authored-by: Ada <ada@example.com>\n"
    )
    assert co_authors(body) == [("Ada", "ada@example.com"), ("Ben B", "ben@example.com")]
    assert co_authors(None) == co_authors("Why.") == []


def test_the_first_three_other_than_the_author_are_credited() -> None:
    assert credited("a", ["a", "b", "b", "c", "d", "e"], 3) == ("a", ["b", "c", "d"])
    assert credited(None, ["b", "c"], 3) == ("b", ["c"])
    assert credited(None, [], 3) == (None, [])


@given(st.integers(0, 10_000), st.integers(0, 10))
def test_a_split_loses_no_line_and_the_author_has_the_rest(value: int, sharers: int) -> None:
    own, part = split(value, sharers)
    assert own + sharers * part == value
    assert part <= own <= part + sharers


TRAITS = st.builds(Trait, st.integers(0, 3), st.integers(0, 3), st.integers(0, 2), st.just(0), st.just(1))
COMMITS = st.lists(TRAITS, max_size=12).map(lambda traits: [(bytes([n]), trait) for n, trait in enumerate(traits)])


def by_definition(commits: list[tuple[bytes, Trait]]) -> dict[bytes, bytes]:
    """Join whatever has two of three in common until nothing changes."""
    names = {sha: sha for sha, _ in commits}
    for _ in commits:
        for one, first in commits:
            for other, second in commits:
                size = (first.additions, first.deletions, first.files)
                common = (first.second == second.second) + (first.title_key == second.title_key)
                common += size == (second.additions, second.deletions, second.files)
                if common >= 2:
                    names[one] = names[other] = min(names[one], names[other])
    return names


@given(COMMITS)
def test_copies_are_what_has_two_of_three_in_common_closed_transitively(commits: list[tuple[bytes, Trait]]) -> None:
    assert closed(commits) == by_definition(commits)


@given(COMMITS, st.randoms(use_true_random=False), st.integers(0, 12))
def test_copies_that_come_in_two_parts_and_any_order_are_the_same(
    commits: list[tuple[bytes, Trait]], chance: random.Random, cut: int
) -> None:
    mixed = chance.sample(commits, len(commits))
    early, later = mixed[:cut], mixed[cut:]
    before = closed(early)
    after = closed([*((before[sha], trait) for sha, trait in early), *later])
    together = {sha: after[before[sha]] for sha, _ in early} | {sha: after[sha] for sha, _ in later}
    assert together == closed(commits)
