"""The audit log as a file: NDJSON, which is exact, and CSV, which is made for spreadsheets. Pure."""

import csv
import io
from collections.abc import Iterable

import msgspec

from tgl_protocol.audit import AuditRecord

COLUMNS = AuditRecord.__struct_fields__

# A spreadsheet takes a cell that begins with one of these for a formula, also behind white space (OWASP's list).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

_encoder = msgspec.json.Encoder()


def ndjson_lines(records: Iterable[AuditRecord]) -> bytes:
    """One JSON object a line."""
    return _encoder.encode_lines(list(records))


def csv_header() -> bytes:
    return _csv([COLUMNS])


def csv_lines(records: Iterable[AuditRecord]) -> bytes:
    """In the order of the header; `details` is JSON, nothing is an empty cell."""
    return _csv([_cell(getattr(record, name)) for name in COLUMNS] for record in records)


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
    """A text that no spreadsheet runs as a formula: an apostrophe in front makes it text."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text
