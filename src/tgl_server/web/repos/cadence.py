"""The cadences that a form offers for a repository, in seconds as text; an empty one is the learned cadence."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from tgl_server.web.words import every

_OFFERED: Final = (timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=30))
_MOST_DIGITS = 9


def cadence_choices(current: str) -> Mapping[str, str]:
    """The choices with their words, the current one among them even if it is unusual."""
    seconds = {round(cadence.total_seconds()) for cadence in _OFFERED}
    if current.isascii() and current.isdigit() and len(current) <= _MOST_DIGITS:
        seconds.add(int(current))
    named = {str(value): every(timedelta(seconds=value)).capitalize() for value in sorted(seconds)}
    return {"": "Learn it from the pushes", **named}
