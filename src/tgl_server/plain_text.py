"""Names that people choose: one line, without what no screen shows."""

import unicodedata

from tgl_protocol.problem import FieldError
from tgl_server.errors import InvalidBody

# Controls (NUL, line breaks, escape sequences) and halves of surrogate pairs. Joiners stay: Persian names need them.
_REFUSED = ("Cc", "Cs")


def one_line(field: str, text: str) -> str:
    """Without the space around it; raises a 422 error that names the field."""
    text = text.strip()
    if any(unicodedata.category(character) in _REFUSED for character in text):
        message = "Expected one line without control characters"
        raise InvalidBody(f"The {field} is not a name.", errors=[FieldError(message, field=field)])
    return text
