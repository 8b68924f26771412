"""What msgspec says against a value, put into words for people who do not know Python, with the field that it is about.

msgspec stops at the first fault and tells it in one sentence with a path, such as
``Expected `int` >= 1 - at `$.commits[0].additions` ``. What the sentence leaves out, like the words that an enum
has, is looked up in the type.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import inspect

from tgl_protocol.problem import FieldError
from tgl_server.http.text_rules import nearest_name, shown_name

#: What is said of a value that is missing.
REQUIRED = "This field is required"

_MOST_LETTERS = 300

_PLACE = re.compile(r"(?P<key>`key` in )?`\$(?P<path>[^`]*)`")
_STEP = re.compile(r"\.(?P<field>\w+)|\[(?P<index>\d+|\.\.\.)\]")
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
    "datetime": "a date and time like 2026-01-02T12:00:00Z",
    "uuid": "a UUID",
}
_COUNTED = {"str": ("text", "character"), "array": ("a list", "entry"), "object": ("an object", "field")}
_UUID = "Expected a UUID like 019c2f6e-7b1a-7c3d-9e4f-0a1b2c3d4e5f"

Info = inspect.Type | None


def field_error(error: object, type_: Any, index: int | None = None, sha: str | None = None) -> FieldError:
    """The reason that a `msgspec.ValidationError` about a value of this type gives; `index` and `sha` name a commit."""
    told, place = _split(str(error))
    path = place["path"] if place else ""
    message, field = plain(told, _at(inspect.type_info(type_), path))
    if place and place["key"]:
        message = f"The name of an entry: {message}"
    named = f"{path}.{shown_name(field)}" if field else path
    return FieldError(message, index, sha, named.removeprefix(".") or None)


def _split(sentence: str) -> tuple[str, re.Match[str] | None]:
    """What is wrong, and the place, which is not named for the value as a whole."""
    told, _, rest = sentence.rpartition(" - at ")
    place = _PLACE.fullmatch(rest)
    return (told, place) if place else (sentence, None)


def plain(message: str, info: Info) -> tuple[str, str | None]:
    """One of msgspec's messages about a value of a type, in plain words, and the field within it that it is about."""
    for pattern, say in _SAYINGS:
        if match := pattern.fullmatch(message):
            words, field = say(match, info)
            return " ".join(words.split())[:_MOST_LETTERS], field
    return " ".join(message.replace("`", "").split())[:_MOST_LETTERS], None


def _at(info: Info, path: str) -> Info:
    """The type of the value at a path; None where there is none."""
    for step in _STEP.finditer(path):
        candidates = _alternatives(info)
        if step["field"]:
            found = (field.type for each in candidates for field in _fields(each) if field.encode_name == step["field"])
        else:
            found = (item for each in candidates if (item := _item(each)) is not None)
        info = next(found, None)
    return info


def _alternatives(info: Info) -> Iterator[inspect.Type]:
    """The types that the value may have, without unions and notes around them."""
    if isinstance(info, inspect.Metadata):
        yield from _alternatives(info.type)
    elif isinstance(info, inspect.UnionType):
        for each in info.types:
            yield from _alternatives(each)
    elif info is not None:
        yield info


def _fields(info: inspect.Type) -> tuple[inspect.Field, ...]:
    return info.fields if isinstance(info, inspect.StructType) else ()


def _item(info: inspect.Type) -> Info:
    if isinstance(info, inspect.DictType):
        return info.value_type
    return info.item_type if isinstance(info, inspect.ListType) else None


def _description(info: Info) -> str:
    """What is said about the form of the value's text."""
    if isinstance(info, inspect.UnionType):
        return next(filter(None, map(_description, info.types)), "")
    return str((info.extra_json_schema or {}).get("description", "")) if isinstance(info, inspect.Metadata) else ""


def _choices(info: Info) -> list[str]:
    found: list[str] = []
    for each in _alternatives(info):
        if isinstance(each, inspect.EnumType):
            found += [str(member.value) for member in each.cls]
        elif isinstance(each, inspect.LiteralType):
            found += [str(value) for value in each.values]
    return found


def _kinds(match: re.Match[str], _: Info) -> tuple[str, None]:
    return f"Expected {_named(match['kinds'])}, got {_named(match['got'])}", None


def _kind(match: re.Match[str], _: Info) -> tuple[str, None]:
    return f"Expected {_named(match['kinds'])}", None


def _named(kinds: str) -> str:
    return " or ".join(_WORDS.get(kind, kind) for kind in kinds.split(" | "))


def _number(match: re.Match[str], _: Info) -> tuple[str, None]:
    bounds = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
    return f"Expected {_WORDS[match['kind']]} of {bounds[match['sign']]} {match['bound']}", None


def _length(match: re.Match[str], info: Info) -> tuple[str, None]:
    (kind, unit), number = _COUNTED[match["kind"]], int(match["bound"])
    many = unit if number == 1 else {"entry": "entries"}.get(unit, f"{unit}s")
    exact = any(
        getattr(each, "min_length", 0) == getattr(each, "max_length", 1) == number for each in _alternatives(info)
    )
    bound = "" if exact else " at least" if match["sign"] == ">=" else " at most"
    return f"Expected {kind} of{bound} {number} {many}", None


def _pattern(_: re.Match[str], info: Info) -> tuple[str, None]:
    description = _description(info)
    form = f"{description[:1].lower()}{description[1:]}" if description else "text of another form"
    return f"Expected {form}", None


def _choice(match: re.Match[str], info: Info) -> tuple[str, None]:
    choices = ", ".join(f"`{choice}`" for choice in _choices(info))
    return (f"Expected one of {choices}" if choices else f"Unexpected value {match['value']}"), None


def _missing(match: re.Match[str], _: Info) -> tuple[str, str]:
    return REQUIRED, match["field"]


def _unknown(match: re.Match[str], info: Info) -> tuple[str, str]:
    known = [field.encode_name for each in _alternatives(info) for field in _fields(each)]
    meant = nearest_name(match["field"], known)
    return (f"There is no such field; did you mean `{meant}`?" if meant else "There is no such field"), match["field"]


def _always(words: str) -> Callable[[re.Match[str], Info], tuple[str, None]]:
    return lambda _, __: (words, None)


def _compiled(
    sayings: Iterable[tuple[str, Callable[[re.Match[str], Info], tuple[str, str | None]]]],
) -> list[tuple[re.Pattern[str], Callable[[re.Match[str], Info], tuple[str, str | None]]]]:
    return [(re.compile(pattern, re.DOTALL), say) for pattern, say in sayings]


_SAYINGS = _compiled(
    [
        (r"Expected `(?P<kinds>[^`]+)`, got `(?P<got>[^`]+)`", _kinds),
        (r"Expected `(?P<kind>int|float)` (?P<sign>[<>]=?) (?P<bound>\S+)", _number),
        (r"Expected `(?P<kind>str|array|object)` of length (?P<sign>[<>]=) (?P<bound>\d+)", _length),
        (r"Expected `str` matching regex .*", _pattern),
        (
            r"Expected `datetime` with .*",
            _always("Expected a date and time with a time zone, like 2026-01-02T12:00:00Z"),
        ),
        (r"Expected `(?P<kinds>[^`]+)`", _kind),
        (r"Object missing required field `(?P<field>[^`]*)`", _missing),
        (r"Object contains unknown field `(?P<field>.*)`", _unknown),
        (r"Invalid (?:enum )?value (?P<value>.*)", _choice),
        (r"Invalid UUID.*|badly formed hexadecimal UUID string", _always(_UUID)),
        (
            r"Invalid RFC3339 .*|Invalid epoch timestamp|Invalid MessagePack timestamp.*|Timestamp is out of range\s*",
            _always(f"Expected {_WORDS['datetime']}"),
        ),
        (r"(?:Integer value|Number) out of range", _always("This number is too large")),
    ]
)
