"""Numbers and times as people say them."""

import pytest

from tgl_client.terminal.words import counted, duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (89, "89 s"),
        (150, "2 min"),
        (5_400, "1 h 30 min"),
        (86_400, "24 h"),
        (86_400 * 2 - 10, "2 d"),
        (86_400 * 30 + 7_200, "30 d 2 h"),
    ],
)
def test_durations_are_short(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_one_is_counted_as_one() -> None:
    assert [counted(n, "branch", "branches") for n in (0, 1, 2)] == ["0 branches", "1 branch", "2 branches"]
    assert [counted(n, "commit") for n in (1, 1234)] == ["1 commit", "1,234 commits"]
