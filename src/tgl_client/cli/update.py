"""A word about a newer `tgl`, once a day, to whoever sits at a terminal.

Nothing is asked for it: server and client are released together, so a server that is newer than this client, as it
said in a push, shows that there is a newer client. `tgl config set update_notice off` ends it.
"""

import sys
import time
from contextlib import suppress
from typing import Final

from tgl_client.settings.folders import state_folder
from tgl_client.terminal.output import note
from tgl_client.terminal.words import is_older
from tgl_protocol import __version__

_EVERY: Final = 86_400.0


def tell_update(server_version: str, wanted: str | None) -> None:
    """Say that there is a newer version, where somebody wants to hear it and was not told today."""
    if wanted == "off" or not sys.stderr.isatty() or not is_older(__version__, server_version) or _was_told():
        return
    note(f"note: tgl {server_version} is out, this is {__version__}: pip install -U thegitleague")
    note("hint: `tgl config set update_notice off` ends these notes")


def _was_told() -> bool:
    """True within a day of the last note; a state folder that cannot be written is told nothing."""
    file = state_folder() / "update-notice"
    with suppress(OSError):
        if time.time() - file.stat().st_mtime < _EVERY:
            return True
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch()
    except OSError:
        return True
    return False
