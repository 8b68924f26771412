"""Seals as pure functions: the lines of what is sealed, and their hash in a chain.

Lines are UTF-8: the name of a table and the values of a row, ids and not names, with tabs between them and `-` for
null; tables in the order of `TABLES`, the lines of each sorted bytewise.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from tgl_server.leagues.rules import Rules
from tgl_server.leagues.scoring import ranked

#: What stands for the hash before the first seal.
FIRST: Final = bytes(32)
#: The tables of a seal; `identities` says whom commits that count were credited to.
TABLES: Final = ("player_days", "standings", "fixtures", "awards", "identities")

Row = Sequence[object]


def lines_of(tables: Mapping[str, Iterable[Row]]) -> str:
    """What is sealed, as text."""
    found: list[bytes] = []
    for table in TABLES:
        rows = tables.get(table, ())
        found += sorted("\t".join([table, *map(_field, row)]).encode() + b"\n" for row in rows)
    return b"".join(found).decode()


def seal_hash(rules_sha256: bytes, previous: bytes, payload: str) -> bytes:
    """SHA-256 over the rules' hash and the seal before, both as 64 digits in a line of their own, and the lines."""
    return hashlib.sha256(f"{rules_sha256.hex()}\n{previous.hex()}\n{payload}".encode()).digest()


def standings_after(
    rules: Rules, weeks: int, points: Iterable[tuple[UUID, int, int]], last: int
) -> list[tuple[UUID, int, str, int, int]]:
    """Places after a week, from 0, of rows of player, week and points: points, those of each week, rank, and a tie."""
    found: dict[UUID, list[int]] = defaultdict(lambda: [0] * (last + 1))
    for player, week, each in points:
        if week <= last:
            found[player][week] = each
    table = ranked(rules, weeks, found)
    return [
        (place.player, place.points, ",".join(map(str, found[place.player])), place.rank, int(place.is_tied))
        for place in table
    ]


def points_in(payload: str) -> dict[UUID, int]:
    """The season points of each player in the lines of a seal."""
    rows = (line.split("\t") for line in payload.splitlines())
    return {UUID(row[1]): int(row[2]) for row in rows if row[0] == "standings"}


def points_changed(before: str, after: str) -> list[tuple[UUID, int, int]]:
    """The players whose season points differ between two seals of a week, with both."""
    old, new = points_in(before), points_in(after)
    both = ((player, old.get(player, 0), new.get(player, 0)) for player in sorted(old.keys() | new.keys()))
    return [each for each in both if each[1] != each[2]]


def _field(value: object) -> str:
    return "-" if value is None else str(value)
