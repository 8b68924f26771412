"""Finding the identities of authors, and making those that are not there yet, with a provisional player each.

The bar that all who make identities keep: first identities, in the order of their keys, and then the lock of
`identity_events`, so that two of them never wait for each other.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.players import IdentityKind
from tgl_server.players import queries
from tgl_server.players.addresses import is_nobodys

Reader = AsyncConnection | AsyncSession


class Author(NamedTuple):
    """An address, in lower case, and a name, both as commits have them."""

    email: str
    name: str


class Found(Struct, frozen=True):
    """The identity of an author, and the player that it belongs to."""

    identity_id: UUID
    player_id: UUID
    kind: IdentityKind


async def find_identities(reader: Reader, authors: Iterable[Author]) -> dict[Author, Found]:
    """The identities of those authors that have one."""
    rows = await _resolve(reader, authors)
    return {author: found for author, row in rows.items() if (found := _found(author, row)) is not None}


async def identify_authors(
    tx: AsyncSession, authors: Iterable[Author], *, by_name: bool = False
) -> dict[Author, Found]:
    """The identity of each author; those without one get it, with a provisional player of the same id.

    With `by_name` each author gets an identity of that very name, which somebody sets apart from others of the address.
    Two statements if all have one, else four; repeating it changes nothing, and any number may do it at once.
    """
    wanted = dict.fromkeys(authors)
    rows = await _resolve(tx, wanted)
    found = {author: identity for author, row in rows.items() if (identity := _found(author, row)) is not None}
    if by_name:
        missing = {author: author.name for author in wanted if rows[author]["exact_id"] is None}
    else:
        missing = {_key(author, rows[author]): author.name for author in wanted if author not in found}
    if not missing:
        return found
    await _make(tx, missing)
    return await find_identities(tx, wanted)


async def _resolve(reader: Reader, authors: Iterable[Author]) -> dict[Author, RowMapping]:
    asked = list(dict.fromkeys(authors))
    given = {"emails": [author.email for author in asked], "names": [author.name for author in asked]}
    rows = (await reader.execute(queries.RESOLVE, given)).mappings()
    return {Author(row["email"], row["name"]): row for row in rows}


def _is_shared(author: Author, row: RowMapping) -> bool:
    return row["is_shared"] or is_nobodys(author.email)


def _found(author: Author, row: RowMapping) -> Found | None:
    if row["exact_id"] is not None:
        return Found(row["exact_id"], row["exact_player_id"], IdentityKind(row["exact_kind"]))
    if row["any_id"] is not None and not _is_shared(author, row):
        return Found(row["any_id"], row["any_player_id"], IdentityKind(row["any_kind"]))
    return None


def _key(author: Author, row: RowMapping) -> Author:
    return author if _is_shared(author, row) else Author(author.email, "")


async def _make(tx: AsyncSession, called: Mapping[Author, str]) -> None:
    """Make identities by their keys, with the names that their players are called by."""
    keys = sorted(called)
    given = {
        "ids": [uuid7() for _ in keys],
        "emails": [key.email for key in keys],
        "names": [key.name for key in keys],
        "called": [called[key] for key in keys],
    }
    await tx.execute(queries.MAKE, given)
