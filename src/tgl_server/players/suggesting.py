"""Players that look like one person. Pure, and never more than a suggestion."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Final
from uuid import UUID

from msgspec import Struct

from tgl_protocol.joining import SuggestionReason
from tgl_server.players.addresses import is_nobodys

# `12345+login@users.noreply.github.com`, `12345-login@users.noreply.gitlab.com`, and both without the number.
_NOREPLY = re.compile(r"(?:(?P<number>\d+)[+-])?(?P<login>[^@]+)@users\.noreply\.(?P<forge>[a-z0-9.-]+)")
# One word is a login that many have.
_WORDS: Final = 2


class Known(Struct, frozen=True):
    """An identity with its names, and whose it is; `account_id` is that of its player's account."""

    email: str
    names: tuple[str, ...]
    player_id: UUID
    account_id: UUID | None = None


class Group(Struct, frozen=True):
    """Players with something in common."""

    reason: SuggestionReason
    value: str
    players: tuple[UUID, ...]


def suggest(known: Iterable[Known], accounts: Iterable[tuple[str, UUID]] = ()) -> list[Group]:
    """The groups of players with something in common, each set of players once, by the best reason.

    `accounts` are the addresses of accounts with the players of these. Players of two accounts are two people.
    """
    players: dict[tuple[SuggestionReason, str], set[UUID]] = defaultdict(set)
    whose: dict[UUID, UUID | None] = {}
    for identity in known:
        whose[identity.player_id] = identity.account_id
        for key in _marks(identity):
            players[key].add(identity.player_id)
    for email, player_id in accounts:
        whose[player_id] = player_id
        if not is_nobodys(email):
            players[SuggestionReason.ACCOUNT, email].add(player_id)
    found: dict[frozenset[UUID], Group] = {}
    order = list(SuggestionReason)
    for (reason, value), group in sorted(players.items(), key=lambda item: (order.index(item[0][0]), item[0][1])):
        owners = {whose[player] for player in group} - {None}
        if len(group) > 1 and len(owners) <= 1:
            with_account_first = sorted(group, key=lambda player: (whose[player] is None, player))
            found.setdefault(frozenset(group), Group(reason, value, tuple(with_account_first)))
    return list(found.values())


def not_dismissed(groups: Iterable[Group], dismissed: Collection[frozenset[UUID]]) -> list[Group]:
    """The groups without those whose players were all said to be several people."""
    return [group for group in groups if not any(players.issuperset(group.players) for players in dismissed)]


def _marks(identity: Known) -> Iterator[tuple[SuggestionReason, str]]:
    """What an identity may have in common with others."""
    email = identity.email
    noreply = _NOREPLY.fullmatch(email)
    if noreply is not None:
        yield SuggestionReason.NOREPLY, f"{noreply['login']}@{noreply['forge']}"
        if noreply["number"]:
            yield SuggestionReason.NOREPLY, f"{noreply['number']}@{noreply['forge']}"
    elif not is_nobodys(email):
        local, _, domain = email.rpartition("@")
        yield SuggestionReason.PLUS, f"{local.partition('+')[0]}@{domain}"
        yield SuggestionReason.ACCOUNT, email
    for name in identity.names:
        words = name.casefold().split()
        if len(words) >= _WORDS:
            yield SuggestionReason.NAME, " ".join(words)
