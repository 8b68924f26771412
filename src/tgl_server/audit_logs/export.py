"""The audit log as a file: NDJSON, which is exact, or CSV, which is made for spreadsheets. Pure."""

from collections.abc import Iterable

import msgspec

from tgl_protocol.audit import AuditRecord
from tgl_server.http import spreadsheets

COLUMNS = AuditRecord.__struct_fields__

_encoder = msgspec.json.Encoder()


def ndjson_lines(records: Iterable[AuditRecord]) -> bytes:
    """The records as JSON, one object per line."""
    return _encoder.encode_lines(list(records))


def csv_header() -> bytes:
    return spreadsheets.csv_header(COLUMNS)


def csv_lines(records: Iterable[AuditRecord]) -> bytes:
    """The records as CSV, in the order of the header; `details` is JSON."""
    return spreadsheets.csv_lines(records, COLUMNS)
