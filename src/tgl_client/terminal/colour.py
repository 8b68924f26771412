"""Colours on stderr: only where somebody sees them, and wants them (https://no-color.org)."""

import os
import sys
from collections.abc import Mapping
from typing import Final

_CODES: Final = {"red": "1;31", "yellow": "1;33", "cyan": "36"}


def coloured(text: str, colour: str, environ: Mapping[str, str] = os.environ) -> str:
    """The text in a colour, for stderr; as it is where stderr is no terminal that shows colours."""
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if _is_shown(environ) else text


def _is_shown(environ: Mapping[str, str]) -> bool:
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb" or not sys.stderr.isatty():
        return False
    # The older console of Windows would show the codes themselves.
    return sys.platform != "win32" or bool(environ.get("WT_SESSION"))
