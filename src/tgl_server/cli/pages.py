"""Lists on the command line: every page of them, as aligned lines or as JSON."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Protocol, TypeVar
from uuid import UUID

import msgspec
import typer

from tgl_server.auth.principal import Principal
from tgl_server.cli.output import say

T_co = TypeVar("T_co", covariant=True)

#: The most that one page may have.
PAGE = 1000
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; fields are added, never renamed.")]
#: Whoever may start commands on the server's machine sees everything; they have no account.
OPERATOR = Principal(user_id=UUID(int=0), is_commissioner=True)


class Page(Protocol[T_co]):
    """A page of a list of the API."""

    @property
    def items(self) -> Sequence[T_co]: ...

    @property
    def next_cursor(self) -> str | None: ...


async def all_pages(read: Callable[[str | None], Awaitable[Page[T_co]]]) -> list[T_co]:
    """The items of all pages; `read` takes a cursor, None for the first page."""
    page = await read(None)
    found = list(page.items)
    while page.next_cursor:
        page = await read(page.next_cursor)
        found += page.items
    return found


def say_rows(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of one length as aligned lines."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def say_json(**named: Any) -> None:
    """Print one JSON object of these fields."""
    say(msgspec.json.format(msgspec.json.encode(named), indent=2).decode())
