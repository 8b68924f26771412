"""The answer to commits that were sent as one stream."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from tgl_protocol.about import about


class RefusedLine(Struct, frozen=True):
    """A line of a stream that was not stored; `line` counts from 1, and `field` is there where one is to blame."""

    line: Annotated[int, about("The line's number; the first is 1")]
    sha: Annotated[str | None, about("The commit's sha; null if it could not be read")]
    message: Annotated[str, about("The reason")]
    field: Annotated[str | UnsetType, about("The field to blame")] = UNSET


class StreamResult(Struct, frozen=True):
    """The result of a stream: `total = inserted + skipped + errors`; `refused` has the first refused lines."""

    total: Annotated[int, about("Lines that were read")]
    inserted: Annotated[int, about("Commits that were new")]
    skipped: Annotated[int, about("Commits that were there already, or came twice")]
    errors: Annotated[int, about("Lines that were refused")]
    chunks: Annotated[int, about("Transactions in which they were stored")]
    last_ingested_sha: Annotated[str | None, about("The last valid commit, in the order sent")]
    refused: Annotated[list[RefusedLine], about("The first refused lines, at most 1000")]
