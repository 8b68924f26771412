"""Characters that a reader does not see and a terminal obeys: control characters, and those that reorder or hide text.

A name with one of them could move the cursor, change what stands before it, or look like another name. Joiners stay:
Persian names and emoji need them.
"""

import unicodedata
from typing import Final

# Controls (C0, DEL and C1), formatting (bidirectional overrides, zero-width signs, tags), halves of surrogate pairs,
# and the separators of lines and paragraphs.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"


def is_visible(character: str) -> bool:
    """False for a character that must not stand in a name."""
    return unicodedata.category(character) not in _HIDDEN or character in _JOINERS


def visible(text: str, keep: str = "") -> str:
    r"""The text as a terminal may show it: whatever is not visible, and not in `keep`, as `\u202e`.

    The escapes are those of JSON, so that JSON stays what it is.
    """
    if text.isprintable():
        return text
    return "".join(each if is_visible(each) or each in keep else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
