"""The parameters of rules as fields of a form, each with its words: written out, and read again."""

from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import Struct

from tgl_protocol.awards import AwardName
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.leagues.rules import (
    Board,
    CoAuthors,
    Counting,
    Dates,
    Fixtures,
    Late,
    Provisional,
    Rules,
    parse_rules,
    rules_json,
)
from tgl_server.web.forms import Form


class Kind(StrEnum):
    """How a parameter is written."""

    WHOLE = "whole"
    STEPS = "steps"
    CHOICE = "choice"
    LINES = "lines"


class Parameter(Struct, frozen=True):
    """A parameter that a commissioner may change."""

    name: str
    label: str
    hint: str = ""
    kind: Kind = Kind.WHOLE
    options: dict[str, str] = {}


PARAMETERS: Final = (
    Parameter("best_days", "Best days of a week", "As many days of a week count, the best ones."),
    Parameter("drop_weeks", "Dropped weeks", "The weakest weeks of a season that do not count; none below six weeks."),
    Parameter("line_cap", "Lines of a change, at most"),
    Parameter("line_steps", "Steps of a day's lines", "Lines with commas between them.", Kind.STEPS),
    Parameter("line_points", "Points of each step", "As many as there are steps.", Kind.STEPS),
    Parameter("commit_steps", "Steps of a day's changes", kind=Kind.STEPS),
    Parameter("commit_points", "Points of each of them", kind=Kind.STEPS),
    Parameter("grace_days", "Days of grace", "A week closes so many days after its Sunday; 6 to 28."),
    Parameter(
        "late",
        "Work that arrives later",
        kind=Kind.CHOICE,
        options={Late.ARRIVAL: "Counts about its arrival", Late.VOID: "Does not count"},
    ),
    Parameter(
        "dates",
        "Dates of commits",
        "As they are written for an exhibition over old history, which is marked as unofficial.",
        Kind.CHOICE,
        {Dates.WITNESSED: "Checked against arrival", Dates.AS_WRITTEN: "Believed as they are written"},
    ),
    Parameter(
        "counting",
        "A commit counts",
        kind=Kind.CHOICE,
        options={Counting.PUSHED: "When it is pushed", Counting.LANDED: "When the default branch has it"},
    ),
    Parameter(
        "coauthors",
        "Co-authors",
        kind=Kind.CHOICE,
        options={CoAuthors.OFF: "Are not counted", CoAuthors.SPLIT: "Share the lines"},
    ),
    Parameter("most_coauthors", "Co-authors of a commit, at most"),
    Parameter(
        "board",
        "The table shows",
        kind=Kind.CHOICE,
        options={Board.TOP_AND_ME: "The first ten, and who is around the reader", Board.ALL: "Everybody"},
    ),
    Parameter(
        "provisional",
        "Players whom nobody has claimed",
        kind=Kind.CHOICE,
        options={Provisional.SHOWN: "Are shown to members", Provisional.HIDDEN: "Are hidden"},
    ),
    Parameter("day_offset_minutes", "The league's day, in minutes ahead of UTC", "-720 to 840."),
    Parameter(
        "fixtures",
        "Matches",
        "Who plays is drawn when the season opens; matches have a table of their own.",
        Kind.CHOICE,
        {Fixtures.OFF: "None", Fixtures.PLAYERS: "Two players meet in each week"},
    ),
    Parameter(
        "awards",
        "Awards",
        f"One a line, of these: {', '.join(AwardName)}.",
        Kind.LINES,
    ),
    Parameter("bots", "Bots", "A pattern a line, for name or address; * is anything.", Kind.LINES),
)


def fill(form: Form, rules: Rules) -> None:
    """Put the rules into the form's fields that are not filled in yet."""
    values = msgspec.json.decode(rules_json(rules))
    for parameter in PARAMETERS:
        form.fields.setdefault(parameter.name, [_written(parameter, values[parameter.name])])


def read(form: Form) -> Rules:
    """The rules in a form; raises `InvalidBody` with a fault at each field that has one."""
    faults: list[FieldError] = []
    document: dict[str, Any] = {}
    for parameter in PARAMETERS:
        typed = form.text(parameter.name)
        try:
            document[parameter.name] = _value(parameter.kind, typed)
        except ValueError:
            faults.append(FieldError("Expected whole numbers", field=parameter.name))
    if faults:
        raise errors.InvalidBody(errors=faults)
    return parse_rules(msgspec.json.encode(document))


def _written(parameter: Parameter, value: Any) -> str:
    if parameter.kind is Kind.STEPS:
        return ", ".join(map(str, value))
    return "\n".join(value) if parameter.kind is Kind.LINES else str(value)


def _value(kind: Kind, typed: str) -> Any:
    if kind is Kind.WHOLE:
        return int(typed)
    if kind is Kind.STEPS:
        return [int(part) for part in typed.split(",") if part.strip()]
    if kind is Kind.LINES:
        return [line.strip() for line in typed.splitlines() if line.strip()]
    return typed
