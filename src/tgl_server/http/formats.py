"""Answers in several formats: the one that a request asks for, and a table as JSON or as a file."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from litestar import Request, Response
from litestar.params import QueryParameter
from msgspec import Struct

from tgl_protocol.http import JSON_MEDIA_TYPE
from tgl_server.http.null_parameters import refuse_null
from tgl_server.http.spreadsheets import CSV_MEDIA_TYPE, csv_header, csv_lines

AnyRequest = Request[Any, Any, Any]
F = TypeVar("F", bound=StrEnum)

FORMAT_DESCRIPTION = "Wins over the Accept header"


class TableFormat(StrEnum):
    """A format of an answer that is a table."""

    JSON = "json"
    CSV = "csv"


_TABLE_FORMATS = {JSON_MEDIA_TYPE: TableFormat.JSON, CSV_MEDIA_TYPE: TableFormat.CSV}

Format = Annotated[TableFormat | None, QueryParameter(description=FORMAT_DESCRIPTION)]


def accepted(request: AnyRequest, formats: Mapping[str, F]) -> F:
    """The format, by media type, that the Accept header prefers; the first if it names none of them."""
    best = request.accept.best_match(list(formats))
    return formats[best] if best else next(iter(formats.values()))


def is_csv(request: AnyRequest, given: TableFormat | None) -> bool:
    """True if a request asks for a table as CSV, by its parameter `format` or by its Accept header."""
    refuse_null(request, "format")
    return (given or accepted(request, _TABLE_FORMATS)) is TableFormat.CSV


def csv_file(name: str, rows: Sequence[Struct], columns: Sequence[str]) -> Response[bytes]:
    """An answer of rows as a file with a header."""
    return Response(
        csv_header(columns) + csv_lines(rows, columns),
        media_type=CSV_MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"},
    )
