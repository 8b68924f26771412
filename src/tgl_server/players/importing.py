"""Applying a `.mailmap`: as a diff to look at, and then as one event that can be undone.

The diff is what applying would do, done and rolled back. Its digest is over what it says, so that nothing
else is applied than what was looked at.
"""

import hashlib
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.joining import Mailmap, MailmapDiff, MailmapMove
from tgl_protocol.players import IdentitySource
from tgl_protocol.problem import FieldError
from tgl_server.audit.service import Actor, record
from tgl_server.errors import Conflict, InvalidBody
from tgl_server.http.text_rules import is_storable
from tgl_server.players import joining_queries as queries
from tgl_server.players.actions import PlayerAction
from tgl_server.players.identifying import Author, find_identities, identify_authors
from tgl_server.players.mailmap import Entry, read_mailmap
from tgl_server.players.moving import move
from tgl_server.players.reading import players_by_id

_ANOTHERS = "It belongs to a player with an account of their own."


class _Wish(Struct, frozen=True):
    """An identity that an entry is about, and the player that it names."""

    entry: Entry
    identity_id: UUID
    from_player: UUID
    to_player: UUID


async def import_mailmap(tx: AsyncSession, given: Mailmap, by: Actor) -> MailmapDiff:
    """What a file changes; with the digest of that answer it is done, and else nothing is.

    Identities of players with an account stay. Raises `Conflict` if the diff is no longer the one of the digest.
    """
    if given.digest is not None:
        return await _import(tx, given, by)
    savepoint = await tx.begin_nested()
    diff = await _import(tx, given, by)
    await savepoint.rollback()
    return diff


async def _import(tx: AsyncSession, given: Mailmap, by: Actor) -> MailmapDiff:
    if not is_storable(given.text):
        raise InvalidBody("This is no text.", errors=[FieldError("Contains U+0000", field="text")])
    read = read_mailmap(given.text)
    await tx.execute(queries.HOLD_IMPORTS)
    wishes = await _wishes(tx, read.entries)
    moves, wanted = await _judged(tx, wishes, by)
    digest = hashlib.sha256(msgspec.json.encode([moves, read.unreadable])).hexdigest()
    if given.digest not in (None, digest):
        raise Conflict("Players have changed since this was looked at; look at it again.")
    event = await move(tx, wanted, IdentitySource.MAILMAP, by, reason="a .mailmap") if given.digest else None
    if given.digest:
        await _name(tx, wishes)
        await record(tx, by.did(PlayerAction.MAILMAP_APPLIED, "player", None, event=event, identities=len(wanted)))
    return MailmapDiff(digest=digest, moves=moves, unreadable=read.unreadable, event=event)


async def _wishes(tx: AsyncSession, entries: Iterable[Entry]) -> list[_Wish]:
    """What the entries want of addresses that commits have; other entries want nothing yet."""
    entries = list(entries)
    emails = sorted({entry.commit_email for entry in entries})
    rows = (await tx.execute(queries.AUTHORS_OF, {"emails": emails})).all()
    names: dict[str, set[str]] = {}
    for row in rows:
        names.setdefault(row.email, set()).add(row.name)
    by_name = {name.casefold(): name for group in names.values() for name in group}
    kept = [entry for entry in entries if entry.commit_email in names]
    await _tell_apart(tx, kept, names, by_name)
    targets = await identify_authors(tx, [Author(entry.proper_email, entry.proper_name) for entry in kept])
    wishes: list[_Wish] = []
    for entry in kept:
        target = targets[Author(entry.proper_email, entry.proper_name)].player_id
        wanted = [name for name in names[entry.commit_email] if _is_meant(entry, name)]
        found = await find_identities(tx, [Author(entry.commit_email, name) for name in sorted(wanted)])
        owners = {each.identity_id: each.player_id for each in found.values()}
        wishes += [_Wish(entry, identity_id, player_id, target) for identity_id, player_id in owners.items()]
    return wishes


def _is_meant(entry: Entry, name: str) -> bool:
    return not entry.commit_name or entry.commit_name.casefold() == name.casefold()


async def _tell_apart(
    tx: AsyncSession, entries: Iterable[Entry], names: dict[str, set[str]], by_name: dict[str, str]
) -> None:
    """Make an identity of each name that an entry sets apart from the others of its address.

    An address of somebody with an account is theirs, whatever name it has.
    """
    apart = [
        Author(entry.commit_email, by_name[entry.commit_name.casefold()])
        for entry in entries
        if entry.commit_name and by_name.get(entry.commit_name.casefold()) in names[entry.commit_email]
    ]
    found = await find_identities(tx, apart)
    players = await players_by_id(tx, [each.player_id for each in found.values()], None)
    free = [author for author in apart if author not in found or not players[found[author].player_id].has_account]
    if free:
        await identify_authors(tx, free, by_name=True)


async def _judged(tx: AsyncSession, wishes: list[_Wish], by: Actor) -> tuple[list[MailmapMove], dict[UUID, UUID]]:
    """What moves and what cannot, as it reads, and what is to move; the first entry about an identity counts."""
    ids = sorted({player for wish in wishes for player in (wish.from_player, wish.to_player)})
    players = await players_by_id(tx, ids, by.user_id)
    emails = {row.id: row for row in await tx.execute(queries.IDENTITIES, {"ids": [w.identity_id for w in wishes]})}
    moves: list[MailmapMove] = []
    wanted: dict[UUID, UUID] = {}
    for wish in wishes:
        if wish.from_player == wish.to_player or wish.identity_id in wanted:
            continue
        is_anothers = players[wish.from_player].has_account
        if not is_anothers:
            wanted[wish.identity_id] = wish.to_player
        said: dict[str, Any] = {"email": emails[wish.identity_id].email, "name": emails[wish.identity_id].name}
        moves.append(
            MailmapMove(
                line=wish.entry.line,
                **said,
                from_player=players[wish.from_player].name,
                to_player=wish.entry.proper_name or players[wish.to_player].name,
                problem=_ANOTHERS if is_anothers else None,
            )
        )
    return moves, wanted


async def _name(tx: AsyncSession, wishes: list[_Wish]) -> None:
    """Give players without an account the proper names of the file."""
    named = {wish.to_player: wish.entry.proper_name for wish in wishes if wish.entry.proper_name}
    if named:
        await tx.execute(queries.NAME_PLAYERS, {"ids": list(named), "names": list(named.values())})
