"""Rules for text from outside: what PostgreSQL can store, and what a name or a longer text may contain."""

from collections.abc import Collection
from difflib import get_close_matches

from tgl_protocol.problem import FieldError
from tgl_protocol.visible import is_visible
from tgl_server.errors import InvalidBody, InvalidParameter

_LAYOUT = "\n\r\t"


_MOST_LETTERS_OF_A_NAME = 64


def is_storable(text: str) -> bool:
    """False for what PostgreSQL's `text` cannot hold: U+0000, and half of a surrogate pair."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def refuse_unstorable(**parameters: str | None) -> None:
    """Raises a 422 error that names each query parameter with a character that PostgreSQL cannot hold."""
    reasons = [
        FieldError("Contains U+0000", field=name)
        for name, text in parameters.items()
        if text is not None and not is_storable(text)
    ]
    if reasons:
        raise InvalidParameter(errors=reasons)


def one_line(field: str, text: str) -> str:
    """The text without surrounding space; raises a 422 error that names the field if not all of it is visible."""
    text = text.strip()
    if not all(map(is_visible, text)):
        message = "Expected one line without control characters, and without others that reorder or hide text"
        raise InvalidBody(f"The {field} is not a name.", errors=[FieldError(message, field=field)])
    return text


def has_visible_lines(text: str) -> bool:
    """False for a text of several lines with control characters, or others that reorder or hide text."""
    return all(is_visible(character) or character in _LAYOUT for character in text)


def nearest_name(name: str, known: Collection[str]) -> str | None:
    """The known name that a mistyped one most resembles; None if it resembles none."""
    found = get_close_matches(name[:_MOST_LETTERS_OF_A_NAME].lower(), sorted(known), n=1)
    return found[0] if found else None


def shown_name(name: str) -> str:
    """A name as it was sent, fit to be shown: cut, and without what a terminal would obey."""
    return "".join(sign if sign.isprintable() else "?" for sign in name[:_MOST_LETTERS_OF_A_NAME])
