"""Whom a season credits with commits: the players of their authors, as they are now, and those who opted out."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.players import IdentityKind
from tgl_server.leagues.crediting_queries import CREDITED, HIDDEN, KEEP
from tgl_server.leagues.terms import Credit, Reader
from tgl_server.players.identifying import Author, Found, identify_authors


async def credits_now(tx: AsyncSession, authors: Iterable[Author]) -> dict[Author, Credit]:
    """Whom these authors' commits are credited to now; identities that are missing are made."""
    found = await identify_authors(tx, authors)
    hidden = await hidden_players(tx, found.values())
    return {author: _credit(each, hidden) for author, each in found.items()}


async def credits_kept(reader: Reader, season_id: UUID) -> dict[Author, Credit]:
    """Whom the season has credited so far."""
    rows = (await reader.execute(CREDITED, {"season_id": season_id})).mappings()
    return {
        Author(row["email"], row["name"]): Credit(
            row["identity_id"], row["player_id"], IdentityKind(row["kind"]), row["opted_out"]
        )
        for row in rows
    }


async def keep_credits(tx: AsyncSession, season_id: UUID, credited: dict[Author, Credit]) -> None:
    """Note whom the season credits."""
    authors = list(credited)
    columns = {name: [getattr(credited[author], name) for author in authors] for name in Credit.__struct_fields__}
    given = {"email": [author.email for author in authors], "name": [author.name for author in authors], **columns}
    await tx.execute(KEEP, {"season_id": season_id, **given})


async def hidden_players(reader: Reader, found: Iterable[Found]) -> set[UUID]:
    """Those of the players found who have opted out."""
    players = list({each.player_id for each in found})
    return set(await reader.scalars(HIDDEN, {"player_ids": players}))


def _credit(found: Found, hidden: set[UUID]) -> Credit:
    return Credit(found.identity_id, found.player_id, found.kind, found.player_id in hidden)
