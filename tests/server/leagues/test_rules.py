"""The rules document: what it refuses, and the hash that names it."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tgl_protocol.leagues import VERDICT_SENTENCES, CommitVerdict
from tgl_server.db.engine import Database
from tgl_server.errors import InvalidBody
from tgl_server.leagues.rules import Rules, parse_rules, rules_hash, rules_json

GOLDEN = "d98f1e039be808acf1f2f306698b81e96de357771e341eb5b629bb06639dd3e4"


def test_the_hash_of_the_default_rules_never_changes() -> None:
    assert rules_hash(Rules()).hex() == GOLDEN


def test_each_parameter_is_in_the_hash() -> None:
    other = {"day_offset_minutes": 60, "grace_days": 14, "line_cap": 400, "best_days": 4, "drop_weeks": 1}
    hashes = {rules_hash(Rules(**{name: value})) for name, value in other.items()}  # type: ignore[arg-type]
    assert len({*hashes, rules_hash(Rules())}) == 6


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ('{"tempo": 1}', "tempo"),
        ('{"grace_days": 7.0}', "grace_days"),
        ('{"line_steps": [1, 2.5]}', "line_steps[1]"),
        ('{"grace_days": "7"}', "grace_days"),
        ('{"grace_days": true}', "grace_days"),
        ('{"grace_days": 5}', "grace_days"),
        ('{"grace_days": 10000000000000000000000000}', "grace_days"),
        ('{"engine": 2}', "engine"),
        ('{"line_points": [-1]}', "line_points[0]"),
        ('{"line_steps": [5, 5], "line_points": [1, 2]}', "line_steps"),
        ('{"line_steps": [0], "line_points": [1]}', "line_steps"),
        ('{"line_steps": [1, 2]}', "line_points"),
        ('{"commit_points": [1, 3, 2, 7]}', "commit_points"),
        ('{"bots": ["*****a"]}', "bots"),
        ('{"bots": ["a\\u0000b"]}', "bots[0]"),
        ('{"awards": ["loser"]}', "awards[0]"),
        ('{"awards": ["iron", "iron"]}', "awards"),
        ("[]", None),
    ],
)
def test_what_is_no_rule_is_refused_by_name(document: str, field: str | None) -> None:
    with pytest.raises(InvalidBody) as refused:
        parse_rules(document)
    assert [error.field for error in refused.value.errors] == [field]


@pytest.mark.parametrize("document", ["", "{", b"\xff", '{"a": NaN}'])
def test_what_is_no_json_is_refused(document: str | bytes) -> None:
    with pytest.raises(InvalidBody):
        parse_rules(document)


@given(st.integers(-720, 840), st.integers(6, 28), st.lists(st.sampled_from(["a*", "*b", "@c.*", "ü bot"]), max_size=4))
def test_the_document_gives_the_same_rules_again(offset: int, grace: int, bots: list[str]) -> None:
    rules = Rules(day_offset_minutes=offset, grace_days=grace, bots=tuple(bots))
    assert parse_rules(rules_json(rules)) == rules
    spelled_otherwise = json.dumps(dict(reversed(json.loads(rules_json(rules)).items())), indent=3)
    assert rules_hash(parse_rules(spelled_otherwise)) == rules_hash(rules)


async def test_jsonb_keeps_the_hash(database: Database) -> None:
    rules = Rules(bots=("ü*", "*bot"), day_offset_minutes=-90)
    async with database.statements() as connection:
        document = await connection.scalar(
            text("SELECT CAST(CAST(:document AS jsonb) AS text)"), {"document": rules_json(rules).decode()}
        )
    assert document != rules_json(rules).decode()
    assert rules_hash(parse_rules(document)) == rules_hash(rules)


def test_short_seasons_drop_no_week() -> None:
    assert [Rules().drops(weeks) for weeks in (4, 5, 6, 12)] == [0, 0, 2, 2]


def test_each_verdict_has_one_sentence() -> None:
    assert list(VERDICT_SENTENCES) == list(CommitVerdict)
    assert len(set(VERDICT_SENTENCES.values())) == len(CommitVerdict)
    assert all(sentence.endswith(".") for sentence in VERDICT_SENTENCES.values())
    assert [verdict for verdict in CommitVerdict if verdict.counts] == ["future", "late", "counted"]


def test_rules_are_values() -> None:
    assert Rules() == Rules()
    assert msgspec.structs.replace(Rules(), best_days=4) != Rules()
