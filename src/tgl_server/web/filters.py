"""What the address of a page asks for: filters, an order, a place in a list.

A value that a page does not know is as if it were not there, and every page says so above its content, with a link
that clears it: `base.html` shows what `Filters` has noted.

    asked = Filters(request)
    state = asked.choice("state", RunState, None)
    sort = asked.choice("sort", ORDERS, "date")
    since = asked.read("since", partial(parse_day, "since"), "Expected a day like 2026-01-02.")
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from litestar import Request
from msgspec import Struct

from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.http.request_context import context_of
from tgl_server.http.text_rules import nearest_name

_MOST_CHARACTERS: Final = 200
_MOST_SHOWN: Final = 60
#: So many values are listed; among more of them the nearest is named.
_MOST_LISTED: Final = 8
_MOST_DIGITS: Final = 8
#: Without its filter a list begins anew.
_PLACES: Final = frozenset({"cursor", "from", "page"})

T = TypeVar("T")
D = TypeVar("D")


class UnknownValue(Struct, frozen=True):
    """A value that no page of this address knows: what would be known, and the address without it."""

    name: str
    value: str
    expected: str
    cleared: str


class Filters:
    """The query of a page's address, by name. It is left in the request's context, where the page's frame finds it."""

    def __init__(self, request: Request[Any, Any, Any]) -> None:
        self._path = request.scope["path"]
        self._values = {name: str(value).replace("\0", "").strip() for name, value in request.query_params.items()}
        self.unknown: list[UnknownValue] = []
        context_of(request.scope).leave(self)

    def text(self, name: str, most: int = _MOST_CHARACTERS) -> str:
        """A text as the database can look for it; empty if the address has none."""
        return self._values.get(name, "")[:most]

    def choice(self, name: str, known: Iterable[T], default: D) -> T | D:
        """One of the known values, which are texts; the default for none, or for one that is noted as unknown."""
        value, choices = self._values.get(name, ""), list(known)
        if not value:
            return default
        found = next((choice for choice in choices if str(choice) == value), None)
        if found is None:
            self._note(name, value, _expected(value, [str(choice) for choice in choices]))
            return default
        return found

    def read(self, name: str, parse: Callable[[str], T], expected: str) -> T | None:
        """The value as `parse` understands it; None for none, or for one that it refuses, which is noted as unknown."""
        value = self._values.get(name, "")
        if not value:
            return None
        try:
            return parse(value)
        except (ValueError, errors.Invalid):
            self._note(name, value, expected)
            return None

    def place(self, name: str) -> int:
        """A place in a list that is counted; 0 for none."""
        return self.read(name, _whole_number, "Expected a whole number.") or 0

    def note(self, name: str, expected: str) -> None:
        """Note a value as unknown that only the database could tell."""
        self._note(name, self._values.get(name, ""), expected)

    @property
    def cursor(self) -> str | None:
        """The cursor of the next page of a list; None for the first page."""
        return self._values.get("cursor") or None

    def check_known(self) -> None:
        """Raises a 422 error for what was noted as unknown: a file has no place above its content to say so."""
        if self.unknown:
            faults = [FieldError(each.expected, field=each.name) for each in self.unknown]
            raise errors.InvalidParameter(f"`{self.unknown[0].name}`: {self.unknown[0].expected}", faults)

    def query_without(self, *names: str) -> str:
        """The query with all values but some."""
        return urlencode({name: value for name, value in self._values.items() if name not in names and value})

    def _note(self, name: str, value: str, expected: str) -> None:
        query = self.query_without(name, *_PLACES)
        cleared = f"{self._path}?{query}" if query else self._path
        self.unknown.append(UnknownValue(name, value[:_MOST_SHOWN], expected, cleared))


def _expected(value: str, known: list[str]) -> str:
    if len(known) <= _MOST_LISTED:
        return f"It knows {', '.join(known[:-1])} and {known[-1]}." if len(known) > 1 else f"It knows {known[0]}."
    meant = nearest_name(value, known)
    return f"Did you mean {meant}?" if meant else ""


def _whole_number(text: str) -> int:
    if not text.isascii() or len(text) > _MOST_DIGITS:
        raise ValueError(text)
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number
