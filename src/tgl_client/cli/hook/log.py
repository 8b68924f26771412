"""The log of pushes that nobody watches: each line has its time and its repository, and the file stays small."""

import io
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from tgl_client.settings.folders import state_folder
from tgl_protocol.visible import visible

#: A file that is larger becomes the old one, in place of the one before; there are never more than these two.
_MOST_BYTES: Final = 100_000


class StampedLog(io.TextIOBase):
    """A text file each of whose lines begins with the time in UTC and a name; written whole, and nothing hidden."""

    def __init__(self, file: TextIO, name: str) -> None:
        self._file = file
        self._name = _in_one_line(name)
        self._begun = ""

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            if line:
                # `cat hook.log` must not be obeyed by a terminal; nothing of a log is coloured by us.
                shown = visible(line, keep="\t")
                self._file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {self._name}: {shown}\n")
        return len(text)

    def flush(self) -> None:
        if not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        self._file.close()
        super().close()

    def writable(self) -> bool:
        return True


def _in_one_line(name: str) -> str:
    return visible(" ".join(name.splitlines()))


def log_path() -> Path:
    """The file that pushes out of hooks write to."""
    return state_folder() / "hook.log"


def open_log(repository: Path) -> StampedLog:
    """The log, for one repository's lines; raises `OSError`."""
    file = log_path()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(OSError):  # another push may have moved it just now
        if file.stat().st_size > _MOST_BYTES:
            file.replace(file.with_suffix(".log.old"))
    opened = file.open("a", buffering=1, encoding="utf-8", errors="backslashreplace")
    return StampedLog(opened, str(repository))


def last_line(repository: Path) -> str | None:
    """What the log says last of a repository, with its time; None when it says nothing."""
    name = _in_one_line(str(repository))
    for file in (log_path(), log_path().with_suffix(".log.old")):
        with suppress(OSError):
            lines = file.read_text(encoding="utf-8", errors="backslashreplace").splitlines()
            if said := next((line for line in reversed(lines) if f" {name}: " in line), None):
                return said
    return None
