"""A comparison in sentences."""

from typing import Any

import pytest

from tgl_protocol.comparison import COLUMNS, ColumnPair, Comparison, DifferentCommit, DifferentTip
from tgl_server.web.repos.comparison_words import COLUMN_WORDS, told

A, B = "a" * 40, "b" * 40
EQUAL: dict[str, Any] = {
    "here": 1200,
    "there": 1200,
    "only_here": 0,
    "only_there": 0,
    "only_here_shas": [],
    "only_there_shas": [],
    "sampled": None,
    "different": 0,
    "columns": {},
    "examples": [],
    "tips_differ": 0,
    "tips": [],
    "unreadable": 0,
    "fingerprint_here": "f1",
    "fingerprint_there": "f1",
    "is_equal": True,
    "is_covered": True,
}
COVERED = EQUAL | {"is_equal": False}
DIFFERENT = COVERED | {"is_covered": False}


def test_every_column_has_its_words() -> None:
    assert set(COLUMN_WORDS) == set(COLUMNS)


@pytest.mark.parametrize(
    ("found", "verdict", "sentence"),
    [
        (EQUAL, "Both sides are equal", "All 1,200 commits are equal in every column"),
        (EQUAL, "Both sides are equal", "The fingerprint of both is f1."),
        (
            COVERED | {"only_here": 1, "only_here_shas": [A]},
            "The server has everything",
            "1 commit (aaaaaaaaaaaa) is only here: of branches that were rewritten or deleted since.",
        ),
        (
            DIFFERENT | {"only_there": 7, "only_there_shas": [A] * 7},
            "The server does not have everything",
            "aaaaaaaaaaaa, aaaaaaaaaaaa, aaaaaaaaaaaa, and 2 more) are only at the remote.",
        ),
        (
            DIFFERENT | {"columns": {"additions": 2}, "different": 2},
            "The server does not have everything",
            "2 commits differ in the lines added.",
        ),
        (
            DIFFERENT | {"examples": [DifferentCommit(A, {"author_name": ColumnPair("Ada", "x" * 200)})]},
            "The server does not have everything",
            f"aaaaaaaaaaaa: the author's name is “Ada” here, “{'x' * 80}...” at the remote.",
        ),
        (
            COVERED | {"tips": [DifferentTip("refs/heads/main", A, B)], "tips_differ": 3},
            "The server has everything",
            "The branch main is at aaaaaaaaaaaa here, and at bbbbbbbbbbbb at the remote. 2 more branches differ.",
        ),
        (
            COVERED | {"tips": [DifferentTip("refs/heads/x", None, B), DifferentTip("refs/heads/y", A, None)]},
            "The server has everything",
            "and not recorded here. The branch y is recorded here at aaaaaaaaaaaa, and gone at the remote.",
        ),
        (DIFFERENT | {"unreadable": 1}, "The server does not have everything", "1 commit or branch of the server's"),
    ],
)
def test_a_comparison_is_told_in_sentences(found: dict[str, Any], verdict: str, sentence: str) -> None:
    said = told(Comparison(**found))
    assert said.verdict == verdict
    assert sentence in " ".join(said.sentences)
