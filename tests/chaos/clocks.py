"""Clocks that jump: wall clocks of real processes, through libfaketime (Debian's package `faketime`).

The monotonic clock stays honest: a jump is what NTP or a resumed virtual machine does to a process, and no time-out may
hang on it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

_PLACES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")
_SLEEPING = Path(__file__).parent / "sleeping"


def find_libfaketime() -> Path | None:
    """The library to preload, if it is installed."""
    found = [path for place in _PLACES for path in Path("/").glob(place.removeprefix("/"))]
    return found[0] if found else None


@dataclass(frozen=True)
class Clock:
    """The wall clock of one machine, told through a file; without the library it always shows the true time.

    A process looks into the file once a second.
    """

    library: Path | None
    file: Path

    def set(self, offset: int) -> None:
        """So many seconds from the true time. In one step: nobody may read half a file."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{offset:+d}\n")
        new.chmod(0o644)
        new.rename(self.file)

    def environment(self) -> dict[str, str]:
        """For a process that lives on this machine."""
        if self.library is None:
            return {}
        return {"FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_CACHE_DURATION": "1", **_preloaded(self.library)}


def environment_off_by(library: Path | None, seconds: int) -> dict[str, str]:
    """For a process whose clock is wrong from its start to its end."""
    return {"FAKETIME": f"{seconds:+d}", **_preloaded(library)} if library else {}


def _preloaded(library: Path) -> dict[str, str]:
    paths = [str(_SLEEPING), os.environ.get("PYTHONPATH", "")]
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }
