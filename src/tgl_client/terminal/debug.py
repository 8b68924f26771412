"""What `--debug` shows: the lines that our packages log, on stderr. None of them holds a key or a password."""

import logging
import platform
import sys

from tgl_client.terminal.output import note
from tgl_protocol import __version__

_PACKAGES = ("tgl_client", "tgl_history")


class _Notes(logging.Handler):
    """Prints each line as `tgl` prints everything else."""

    def emit(self, record: logging.LogRecord) -> None:
        note(f"debug: {record.getMessage()}")


def switch_on() -> None:
    """Show the lines from now on, beginning with what is asked for first in every report."""
    for name in _PACKAGES:
        logger = logging.getLogger(name)
        logger.addHandler(_Notes())
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
    note(f"debug: tgl {__version__}, Python {platform.python_version()}, {platform.platform()}, {sys.executable}")


def is_on() -> bool:
    """True when lines are shown, between which nothing can be drawn."""
    return logging.getLogger(_PACKAGES[0]).isEnabledFor(logging.DEBUG)
