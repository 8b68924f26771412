"""Whose work a commit is: bots, co-authors and reverts, as names, addresses, titles and trailers tell. Pure."""

import re
from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final, TypeVar

from tgl_protocol.http import MAX_EMAIL_LENGTH, MAX_NAME_LENGTH

_PULL_REQUEST: Final = re.compile(r" \(#[0-9]+\)$")
_REVERT_TITLES: Final = ('Revert "', 'Reapply "')
_TRAILER: Final = re.compile(r"^co-authored-by:[ \t]*(.*?)[ \t]*<([^<>\n]*)>[ \t]*$", re.IGNORECASE | re.MULTILINE)

_MOST_NAMED: Final = 20

Person = TypeVar("Person", bound=Hashable)


def title_key(title: str) -> int:
    """The first 64 bits of a hash, signed, of a title without the ` (#n)` that a forge adds when it squashes.

    `judging_queries.TITLE_KEY` is the same in SQL.
    """
    bare = _PULL_REQUEST.sub("", title)
    return int.from_bytes(sha256(bare.encode()).digest()[:8], "big", signed=True)


def is_revert(title: str) -> bool:
    """True for the titles that `git revert` writes, for a revert and for one that takes a revert back."""
    return title.startswith(_REVERT_TITLES)


# Few authors write many commits.
@lru_cache(maxsize=10_000)
def is_bot(patterns: tuple[str, ...], name: str, email: str) -> bool:
    """True if a pattern fits the name, the address or its part before the @; case does not matter.

    In patterns only `*` is special. One that begins with @ is the end of an address.
    """
    found = _compiled(patterns)
    return any(found.fullmatch(text) is not None for text in (name, email, email.partition("@")[0]))


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    if not patterns:
        return re.compile(r"(?!)")
    each = (f"*{pattern}" if pattern.startswith("@") else pattern for pattern in patterns)
    return re.compile("|".join(".*".join(map(re.escape, pattern.split("*"))) for pattern in each), re.IGNORECASE)


def co_authors(body: str | None) -> list[tuple[str, str]]:
    """Name and address, in lower case, of each `Co-authored-by` trailer, in their order and each once.

    At most the first 20: who sends more wants something else.
    """
    if not body or "o-authored-by" not in body.lower():
        return []
    found: dict[tuple[str, str], None] = {}
    for name, address in _TRAILER.findall(body):
        email = address.strip().lower()
        if email:
            found.setdefault((name[:MAX_NAME_LENGTH], email[:MAX_EMAIL_LENGTH]))
    return list(found)[:_MOST_NAMED]


def credited(author: Person | None, named: Iterable[Person], most: int) -> tuple[Person | None, list[Person]]:
    """The player who gets the change, and at most `most` players who share its lines.

    `named` are the co-authors who have an entry and are no bots, by order of trailers. `author` is None for a bot: the
    first of its human co-authors then has the change, as if they had written it, and the others share it.
    """
    others = [person for person in dict.fromkeys(named) if person != author]
    if author is None and others:
        author, *others = others
    return author, others[:most]


def split(value: int, sharers: int) -> tuple[int, int]:
    """The author's part of a value that so many co-authors share, with the remainder, and the part of each of them."""
    part = value // (sharers + 1)
    return value - sharers * part, part


def shares(value: int, sharers: Sequence[Person]) -> list[tuple[Person, int]]:
    """What each co-author gets of a value."""
    part = split(value, len(sharers))[1]
    return [(person, part) for person in sharers]
