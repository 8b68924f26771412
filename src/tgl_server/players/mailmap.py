"""Reading a `.mailmap`; libgit2's reader fails on odd addresses, this one names the lines that are no entries. Pure."""

import re
from typing import Final

from msgspec import Struct

# [Proper Name] <first@address> [[Commit Name] <second@address>]
_ENTRY: Final = re.compile(
    r"(?P<name>[^<>]*)<(?P<first>[^<>]*)>\s*(?:(?P<commit_name>[^<>]*)<(?P<second>[^<>]*)>\s*)?(?:#.*)?"
)


class Entry(Struct, frozen=True):
    """What a commit has, and what it should be read as; an empty name means any, or no other."""

    line: int
    commit_email: str
    commit_name: str
    proper_email: str
    proper_name: str


class Entries(Struct, frozen=True):
    """The entries of a file, and the lines that are none, from 1."""

    entries: list[Entry]
    unreadable: list[int]


def read_mailmap(text: str) -> Entries:
    """The entries of a `.mailmap`, in order; addresses are in lower case, comments and empty lines left out."""
    entries, unreadable = [], []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _ENTRY.fullmatch(line.strip())
        entry = _entry(number, found) if found is not None else None
        if entry is None:
            unreadable.append(number)
        else:
            entries.append(entry)
    return Entries(entries, unreadable)


def _entry(number: int, found: re.Match[str]) -> Entry | None:
    name, first = found["name"].strip(), found["first"].strip().lower()
    if found["second"] is None:
        return Entry(number, first, "", first, name) if name else None
    return Entry(number, found["second"].strip().lower(), found["commit_name"].strip(), first, name)
