"""Streams that let every text be printed, and none of it be obeyed by the terminal."""

import io
import os
import re
from typing import Final, TextIO

from tgl_protocol.visible import visible

# Colours are ours. What else a terminal obeys comes from names, paths and servers.
_COLOURS: Final = re.compile(r"(\x1b\[[0-9;]{0,20}m)")


class VisibleStream(io.TextIOWrapper):
    """A stream that writes what is not visible as its escape, and what has no encoding as well.

    A live display, which moves the cursor, writes to `obeyed` instead.
    """

    def __init__(self, obeyed: io.TextIOWrapper) -> None:
        super().__init__(
            obeyed.buffer,
            encoding=obeyed.encoding,
            errors="backslashreplace",
            line_buffering=obeyed.line_buffering,
            write_through=obeyed.write_through,
        )
        #: The stream as it was; kept, as it would close the file that both share.
        self.obeyed = obeyed

    def write(self, text: str) -> int:
        """Write the text; returns its length."""
        super().write(text if text.isprintable() else _shown(text))
        return len(text)


def printable(stream: TextIO | None) -> TextIO:
    """The stream as commands print to it; a service may have closed it."""
    if stream is None:
        return open(os.devnull, "w")  # noqa: PTH123 -- open until the process ends
    return VisibleStream(stream) if isinstance(stream, io.TextIOWrapper) else stream


def obeyed(stream: TextIO) -> TextIO:
    """The stream for a live display."""
    return stream.obeyed if isinstance(stream, VisibleStream) else stream


def _shown(text: str) -> str:
    parts = _COLOURS.split(text)
    return "".join(part if at % 2 else visible(part, keep="\n\t") for at, part in enumerate(parts))
