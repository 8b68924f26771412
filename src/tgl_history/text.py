"""Decodes the bytes of a commit object to text that every database accepts.

No NUL and no lone surrogate ever leaves this module. The declared codec is tried strictly, then UTF-8
strictly, then Latin-1, which never fails; field by field, because old imports mixed encodings inside one commit.
"""

import codecs
from functools import lru_cache

#: The spaces of git's own `isspace`; Python's would also strip a non-breaking one.
GIT_SPACE = " \t\n\r"

# Known to Python and not to iconv: encodings of Python source and of host names, some of them quadratic in time.
_NOT_FOR_TEXT = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
_LETTERS = "Jane Doe <jane@example.com> 09"
_MAX_CODEC_NAME = 40
_UTF_8 = "utf-8"


@lru_cache(maxsize=64)
def codec_named(declared: bytes) -> str:
    """Python's name for a commit's `encoding` header; UTF-8 for one that nobody knows."""
    name = declared.decode("ascii", "replace").strip()
    if not name.isascii() or not 0 < len(name) <= _MAX_CODEC_NAME or not name.isprintable():
        return _UTF_8
    try:
        found = codecs.lookup(name)
        # The rest of the object is ASCII, so text in UTF-16 or EBCDIC cannot be meant, whatever a setting of git says.
        is_like_ascii = _LETTERS.encode("ascii").decode(found.name) == _LETTERS
    except (LookupError, ValueError):
        return _UTF_8
    return found.name if is_like_ascii and found.name not in _NOT_FOR_TEXT else _UTF_8


def decode(raw: bytes, codec: str = _UTF_8) -> str:
    """The text of `raw`, up to a NUL."""
    if codec != _UTF_8 and (text := _strictly(raw, codec)) is not None:
        return text
    try:
        return raw.decode(_UTF_8)
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _strictly(raw: bytes, codec: str) -> str | None:
    """The text in the declared codec; None where that fails, or yields half a character (UTF-7 can)."""
    try:
        text = raw.decode(codec)
        text.encode(_UTF_8)
    except (UnicodeError, LookupError, ValueError):
        return None
    return text.partition("\0")[0]


def split_message(message: str) -> tuple[str, str]:
    """The title and body that git shows as `%s` and `%b`: the first paragraph on one line, then the rest."""
    title, separator, body = message.partition("\n\n")
    if separator and title and "\n" not in title and not body.startswith(tuple(GIT_SPACE)):
        kept = title.rstrip(GIT_SPACE)
        if kept:
            return kept, body.rstrip("\r\n")
    return _split_by_lines(message)


def _split_by_lines(message: str) -> tuple[str, str]:
    lines = message.split("\n")
    start = _skip_blank(lines, 0)
    end = start
    while end < len(lines) and lines[end].strip(GIT_SPACE):
        end += 1
    title = " ".join(line.rstrip(GIT_SPACE) for line in lines[start:end])
    return title, "\n".join(lines[_skip_blank(lines, end) :]).rstrip("\r\n")


def _skip_blank(lines: list[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip(GIT_SPACE):
        at += 1
    return at
