"""The questions of tools/where.toml have answers."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUESTIONS = tomllib.loads((ROOT / "tools" / "where.toml").read_text())["question"]


def test_there_are_twenty_questions() -> None:
    assert len({question["ask"] for question in QUESTIONS}) == 20


def test_every_answer_is_a_file() -> None:
    named = {file for question in QUESTIONS for file in question["files"]}
    assert sorted(file for file in named if not (ROOT / file).is_file()) == []
    assert all(question["files"] for question in QUESTIONS)
