"""Badges: a player's place as a small picture for pages elsewhere, shown to everybody once the player has said so.

It has the name under which others see the player, and no address. Who hides has none, whatever they have chosen.
"""

from typing import Final
from urllib.parse import quote
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.league_players import OwnEntry
from tgl_protocol.visible import visible
from tgl_server import errors
from tgl_server.access.names import name_for_others
from tgl_server.audit.service import Actor, record
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.badges_queries import BADGE, HIDE, SHOW
from tgl_server.players.moving import player_of_user

#: The width of a letter, about; the text is fitted to it, whatever font is there.
_LETTER: Final = 7
_MOST_LETTERS: Final = 40
_LEAST_PLAYERS: Final = 3


async def choose_badge(
    tx: AsyncSession, league_id: UUID, slug: str, user_id: UUID, by: Actor, *, is_shown: bool
) -> OwnEntry:
    """Show an account's badge to everybody, or not any more."""
    player_id = await player_of_user(tx, user_id)
    await tx.execute(SHOW if is_shown else HIDE, {"league_id": league_id, "player_id": player_id})
    await record(tx, by.did(LeagueAction.BADGE_CHOSEN, "league", league_id, badge=is_shown))
    return OwnEntry(player_id, is_shown, badge_path(slug, player_id))


def badge_path(slug: str, player_id: UUID) -> str:
    """The path of a badge."""
    return f"/api/v1/leagues/{quote(slug, safe='')}/players/{player_id}/badge.svg"


async def read_badge(connection: AsyncConnection, slug: str, player_id: UUID) -> str:
    """The badge as SVG; raises `NotFound` for one that is not shown."""
    row = (await connection.execute(BADGE, {"slug": slug, "player_id": player_id})).mappings().one_or_none()
    if row is None:
        raise errors.NotFound("There is no badge here.")
    name = name_for_others(row["state"], row["visibility"], row["shown_name"]) or str(row["name"])
    if row["rank"] is None:
        said = "no points yet"
    elif row["players"] < _LEAST_PLAYERS:
        said = f"{row['points']} points"
    else:
        said = f"{_ordinal(row['rank'])} of {row['players']} \u00b7 {row['points']} points"
    return badge(f"{row['league']} \u00b7 {name}", said)


def badge(label: str, said: str) -> str:
    """Two texts beside each other as SVG, without styles or scripts."""
    left, right = _cut(label), _cut(said)
    width, rest = len(left) * _LETTER + 16, len(right) * _LETTER + 16
    return str(
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="22" role="img" '
            'aria-label="{left}: {right}">'
            '<rect width="{total}" height="22" rx="3" fill="#10231b"/>'
            '<path fill="#0b6b3f" d="M{width},0h{straight}a3,3 0 0 1 3,3v16a3,3 0 0 1 -3,3h-{straight}z"/>'
            '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="12">'
            '<text x="8" y="15" textLength="{fit}" lengthAdjust="spacingAndGlyphs">{left}</text>'
            '<text x="{at}" y="15" textLength="{fit_right}" lengthAdjust="spacingAndGlyphs">{right}</text></g></svg>'
        ).format(
            total=width + rest,
            width=width,
            straight=rest - 3,
            fit=width - 16,
            fit_right=rest - 16,
            at=width + 8,
            left=left,
            right=right,
        )
    )


def _cut(words: str) -> str:
    shown = visible(words)
    return shown if len(shown) <= _MOST_LETTERS else f"{shown[: _MOST_LETTERS - 1]}\u2026"


def _ordinal(number: int) -> str:
    last = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{last}"
