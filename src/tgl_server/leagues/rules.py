"""The rules of a season: an immutable document with a hash. Only integers enter a score: no float, no time zone."""

import hashlib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from tgl_protocol.awards import AwardName
from tgl_protocol.problem import FieldError
from tgl_server import errors

#: A season has whole weeks, so many of them.
LEAST_WEEKS: Final = 4
MOST_WEEKS: Final = 26
#: In seasons of fewer weeks every week counts.
_DROPS_FROM_WEEKS: Final = 6

DEFAULT_BOTS: Final = (
    "*[bot]*",
    "*-bot",
    "* bot",
    "@anthropic.com",
    "@openai.com",
    "@cursor.*",
    "Copilot",
    "*+copilot@users.noreply.github.com",
    "dependabot*",
    "renovate*",
    "github-actions*",
    "pre-commit-ci*",
)

Whole = Annotated[int, Meta(ge=0, le=1_000_000)]
Steps = Annotated[tuple[Whole, ...], Meta(min_length=1, max_length=20)]
Pattern = Annotated[str, Meta(min_length=2, max_length=100, pattern=r"^[^\x00-\x1f]+$")]


class Counting(StrEnum):
    """The moment at which a commit counts: when it was pushed, or when the default branch first contained it."""

    PUSHED = "pushed"
    LANDED = "landed"


class Dates(StrEnum):
    """Whether a commit's own date is checked against its arrival, or believed as it is written."""

    WITNESSED = "witnessed"
    AS_WRITTEN = "as_written"


class Late(StrEnum):
    """The fate of work that arrives after its week was closed: it counts about its arrival, or not at all."""

    ARRIVAL = "arrival"
    VOID = "void"


class CoAuthors(StrEnum):
    """Whether the co-authors named in a commit's trailers share its lines with its author."""

    SPLIT = "split"
    OFF = "off"


class Fixtures(StrEnum):
    """Whether players meet each other in matches, week by week; that has a table of its own."""

    OFF = "off"
    PLAYERS = "players"


class Board(StrEnum):
    """The part of the table that is shown: the first ten and those around the reader, or all of it."""

    TOP_AND_ME = "top_and_me"
    ALL = "all"


class Provisional(StrEnum):
    """Whether members see players whose addresses nobody has claimed yet."""

    SHOWN = "shown"
    HIDDEN = "hidden"


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of scoring; `engine` names the code that computes by them."""

    schema: Literal[1] = 1
    engine: Literal[1] = 1
    day_offset_minutes: Annotated[int, Meta(ge=-720, le=840)] = 0
    counting: Counting = Counting.PUSHED
    dates: Dates = Dates.WITNESSED
    grace_days: Annotated[int, Meta(ge=6, le=28)] = 7
    late: Late = Late.ARRIVAL
    line_cap: Annotated[int, Meta(ge=1, le=1_000_000)] = 320
    line_steps: Steps = (1, 5, 10, 20, 40, 80, 160, 320)
    line_points: Steps = (2, 3, 5, 7, 10, 13, 16, 18)
    commit_steps: Steps = (1, 2, 3, 5)
    commit_points: Steps = (1, 3, 5, 7)
    best_days: Annotated[int, Meta(ge=1, le=7)] = 3
    drop_weeks: Annotated[int, Meta(ge=0, le=MOST_WEEKS)] = 2
    merges: Literal["not_counted"] = "not_counted"
    reverts: Literal["not_counted"] = "not_counted"
    self_revert_days: Literal[0] = 0
    bots: Annotated[tuple[Pattern, ...], Meta(max_length=100)] = DEFAULT_BOTS
    coauthors: CoAuthors = CoAuthors.SPLIT
    most_coauthors: Annotated[int, Meta(ge=1, le=10)] = 3
    fixtures: Fixtures = Fixtures.OFF
    divisions: Literal["off"] = "off"
    board: Board = Board.TOP_AND_ME
    provisional: Provisional = Provisional.SHOWN
    awards: Annotated[tuple[AwardName, ...], Meta(max_length=len(AwardName))] = ()

    def drops(self, weeks: int) -> int:
        """The weeks that a season of so many weeks leaves out of a player's points."""
        return self.drop_weeks if weeks >= _DROPS_FROM_WEEKS else 0


def parse_rules(document: bytes | str) -> Rules:
    """Rules from JSON; raises `InvalidBody`, which names the parameter, for a fraction or an unknown one among others.

    msgspec takes `1.0` for a whole number, and a hash must not depend on such a spelling: so fractions are refused.
    """
    try:
        raw = msgspec.json.decode(document)
        fractions = [FieldError("Expected a whole number", field=name) for name in _fractions(raw)]
        if fractions:
            raise errors.InvalidBody(errors=fractions)
        rules = msgspec.convert(raw, Rules)
    except msgspec.ValidationError as error:
        raise errors.InvalidBody(errors=[_field_error(str(error))]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise errors.InvalidBody("The rules are not valid JSON.") from error
    wrong = list(_inconsistencies(rules))
    if wrong:
        raise errors.InvalidBody(errors=wrong)
    return rules


def read_document(document: Mapping[str, Any]) -> Rules:
    """Rules from the `document` of a request; raises `InvalidBody` like `parse_rules`, with paths in the body."""
    try:
        return parse_rules(msgspec.json.encode(document))
    except errors.InvalidBody as error:
        found = [FieldError(each.message, field=f"document.{each.field or ''}".rstrip(".")) for each in error.errors]
        raise errors.InvalidBody(error.detail, errors=found) from error


def rules_json(rules: Rules) -> bytes:
    """The document, as it is stored and hashed: every parameter, in the order of the names."""
    return msgspec.json.encode(rules, order="sorted")


def rules_hash(rules: Rules) -> bytes:
    """SHA-256 over the document; the order and the spacing in which JSONB gives it back do not matter."""
    return hashlib.sha256(rules_json(rules)).digest()


def _fractions(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, float):
        yield name
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _fractions(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _fractions(item, f"{name}[{index}]")


def _field_error(message: str) -> FieldError:
    """What msgspec says, with the parameter's name: at the end, or in the sentence for an unknown one."""
    said, _, path = message.partition(" - at `$")
    if said.startswith("Object contains unknown field"):
        return FieldError("There is no such parameter", field=said.split("`")[1])
    return FieldError(said, field=path.rstrip("`").lstrip(".") or None)


def _inconsistencies(rules: Rules) -> Iterator[FieldError]:
    for steps, points in (("line_steps", "line_points"), ("commit_steps", "commit_points")):
        reached, worth = getattr(rules, steps), getattr(rules, points)
        if any(low >= high for low, high in pairwise((0, *reached))):
            yield FieldError(
                "Each step has to be greater than the one before, and the first greater than 0", field=steps
            )
        if len(reached) != len(worth):
            yield FieldError(f"Expected as many as {steps}: {len(reached)}", field=points)
        if any(low > high for low, high in pairwise(worth)):
            yield FieldError("A further step cannot be worth fewer points", field=points)
    if len(set(rules.awards)) < len(rules.awards):
        yield FieldError("An award is named twice", field="awards")
    if any(pattern.count("*") > 4 or not pattern.strip("*@ ") for pattern in rules.bots):
        yield FieldError("A pattern has at most four * and something beside them", field="bots")
