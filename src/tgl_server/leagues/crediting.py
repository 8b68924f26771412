"""Whom a season credits with commits: the players of their authors, as they are now, and those who opted out."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.players import IdentityKind
from tgl_server.leagues.terms import Credit, Reader
from tgl_server.players.identifying import Author, Found, identify_authors

_HIDDEN = text("SELECT id FROM players WHERE id = ANY(CAST(:player_ids AS uuid[])) AND visibility = 'hidden'")

CREDITED = text("""
    SELECT email, name, identity_id, player_id, kind, opted_out FROM season_authors WHERE season_id = :season_id
""")

# Ordered by key, like every write of several rows.
_KEEP = text("""
    INSERT INTO season_authors (season_id, email, name, identity_id, player_id, kind, opted_out)
    SELECT CAST(:season_id AS uuid), g.* FROM unnest(
        CAST(:email AS text[]), CAST(:name AS text[]), CAST(:identity_id AS uuid[]), CAST(:player_id AS uuid[]),
        CAST(:kind AS text[]), CAST(:opted_out AS boolean[])
    ) AS g (email, name, identity_id, player_id, kind, opted_out)
    ORDER BY g.email COLLATE "C", g.name COLLATE "C"
    ON CONFLICT (season_id, email, name) DO UPDATE SET
        identity_id = EXCLUDED.identity_id, player_id = EXCLUDED.player_id, kind = EXCLUDED.kind,
        opted_out = EXCLUDED.opted_out
""")


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
    await tx.execute(_KEEP, {"season_id": season_id, **given})


async def hidden_players(reader: Reader, found: Iterable[Found]) -> set[UUID]:
    """Those of the players found who have opted out."""
    players = list({each.player_id for each in found})
    return set(await reader.scalars(_HIDDEN, {"player_ids": players}))


def _credit(found: Found, hidden: set[UUID]) -> Credit:
    return Credit(found.identity_id, found.player_id, found.kind, found.player_id in hidden)
