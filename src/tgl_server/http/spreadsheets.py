"""Tables as CSV, made for spreadsheets: no cell of ours is run as a formula. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

CSV_MEDIA_TYPE = "text/csv"

# A spreadsheet runs a cell as a formula if it begins with one of these, even after white space (OWASP's list).
_STARTS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
# Where the list separator is a semicolon or something else, the same file has its cells elsewhere, quoted or not.
_SEPARATORS = ",;|\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
_SKIPPED = r"\s,;|\"\u200b\ufeff"
# What may stand between a separator and the start; read once, so that the time is linear.
_BEFORE_START = re.compile(rf"(?<![{_SKIPPED}])[{_SKIPPED}]*+(?=[{_STARTS}])")

_encoder = msgspec.json.Encoder()


def csv_header(columns: Sequence[str]) -> bytes:
    return _csv([columns])


def csv_lines(rows: Iterable[Struct], columns: Sequence[str]) -> bytes:
    """Rows as CSV, in the order of the columns; a field that holds fields is JSON, and None an empty cell."""
    return _csv([_cell(getattr(row, name)) for name in columns] for row in rows)


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else _encoder.encode(value).decode().strip('"')
    return defused(text)


def defused(text: str) -> str:
    """The text, with an apostrophe in front of whatever a spreadsheet would run as a formula."""
    text = _BEFORE_START.sub(_with_apostrophe, text)
    return f"'{text}" if text.lstrip(" ").startswith(("\t", "\r", "\n")) else text


def _with_apostrophe(before: re.Match[str]) -> str:
    """What stands before the start of a formula, with an apostrophe where the formula's cell begins."""
    skipped = before[0]
    cell = max(skipped.rfind(separator) for separator in _SEPARATORS) + 1
    if cell == 0 and before.start() > 0:
        return skipped
    return f"{skipped[:cell]}'{skipped[cell:]}"
