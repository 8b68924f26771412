"""A large drawing of columns with what stands beside it, as `parts.html` shows it: scale, days and a sentence."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from markupsafe import Markup
from msgspec import Struct

from tgl_server.web import charts
from tgl_server.web.words import number

_MINUS: Final = "\u2212"
#: The days that are written below the columns: at the ends, and at even distances between.
_MARKS: Final = 5


class Figure(Struct, frozen=True, kw_only=True):
    """The drawing, the labels of its scale from the top, and days below it at even distances."""

    drawing: Markup
    scale: tuple[str, str, str]
    days: Sequence[date]
    sentence: str


def figure(
    starts: Sequence[date], up: Sequence[int], down: Sequence[int], *, sentence: str, titles: Iterable[str]
) -> Figure:
    """Columns by the first day of their periods: `up` from the ground, and `down` below it unless that is empty."""
    end, last = charts.round_end([*up, *down]), len(starts) - 1
    return Figure(
        drawing=charts.columns(up, down, sentence, titles),
        scale=(f"+{number(end)}", "0", f"{_MINUS}{number(end)}") if down else (number(end), number(end // 2), "0"),
        days=[starts[place * last // (_MARKS - 1)] for place in range(_MARKS)] if last >= _MARKS - 1 else [],
        sentence=sentence,
    )
