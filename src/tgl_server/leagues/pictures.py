"""The table of a league as a picture for pages elsewhere: of those alone who show their badge, by the names of others.

Ranks are those of the whole table, so places may be missing between two lines.
"""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.visible import visible
from tgl_server import errors
from tgl_server.access.names import name_for_others
from tgl_server.leagues.badges_queries import TABLE

_MOST_ROWS: Final = 10
_MOST_LETTERS: Final = 28
_LINE: Final = 24
_ROW = Markup(
    '<text x="44" y="{y}" text-anchor="end">{rank}</text><text x="60" y="{y}">{name}</text>'
    '<text x="372" y="{y}" text-anchor="end">{points}</text>'
)
_PICTURE = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" width="388" height="{height}" role="img" aria-label="{label}">'
    '<rect width="388" height="{height}" rx="6" fill="#10231b"/>'
    '<path fill="#0b6b3f" d="M0,30h388v2h-388z"/>'
    '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="13">'
    '<text x="16" y="21" font-weight="bold">{title}</text>{rows}</g></svg>'
)


async def read_table(connection: AsyncConnection, slug: str) -> str:
    """The table as SVG; raises `NotFound` where nobody shows a badge."""
    rows = (await connection.execute(TABLE, {"slug": slug, "limit": _MOST_ROWS})).mappings().all()
    if not rows:
        raise errors.NotFound("There is no table here.")
    return table(f"{rows[0]['league']} \u00b7 {rows[0]['season']}", rows)


def table(title: str, rows: Sequence[RowMapping]) -> str:
    """Lines of rank, name and points as SVG, without styles or scripts."""
    places = [
        _ROW.format(
            y=50 + _LINE * index,
            rank=f"{row['rank']}{'=' if row['is_tied'] else '.'}",
            name=_cut(name_for_others(row["state"], row["visibility"], row["shown_name"]) or row["name"]),
            points=f"{row['points']:,}",
        )
        for index, row in enumerate(rows)
    ]
    return str(
        _PICTURE.format(
            height=42 + _LINE * len(rows), label=_cut(title), title=_cut(title), rows=Markup("").join(places)
        )
    )


def _cut(words: str) -> str:
    shown = visible(words)
    return shown if len(shown) <= _MOST_LETTERS else f"{shown[: _MOST_LETTERS - 1]}\u2026"
