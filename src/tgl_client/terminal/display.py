"""Shows a push while it runs: a live bar on a terminal, plain lines in logs and pipes. Everything goes to stderr."""

import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from tgl_client.report import PushReport
from tgl_client.terminal.debug import is_on
from tgl_client.terminal.output import note, print_warning
from tgl_client.terminal.progress import Phase, Progress
from tgl_client.terminal.words import counted, duration
from tgl_protocol.visible import visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

#: A log gets a line as often as this, and only from pushes that take longer.
LINE_SECONDS: Final = 10.0


class QuietProgress(Progress):
    """Shows problems only; `named` says which repository each is about."""

    def __init__(self, *, named: bool = False) -> None:
        self._name = ""
        self._named = named
        #: What the server said of itself; empty where it was not asked.
        self.server_version = ""
        #: The report of a push that was cancelled.
        self.cancelled: PushReport | None = None

    def begin(self, name: str) -> None:
        self._name = name

    def warning(self, message: str, hint: str | None = None) -> None:
        print_warning(self._told(message), hint)

    def met(self, server_version: str) -> None:
        self.server_version = server_version

    def stopped(self, report: PushReport) -> None:
        self.cancelled = report

    def _told(self, message: str) -> str:
        return f"{self._name}: {message}" if self._named else message


class LineProgress(QuietProgress):
    """Writes a plain line for each step, and one in between every ten seconds."""

    def __init__(self, *, named: bool = False) -> None:
        super().__init__(named=named)
        self._phase: Phase | None = None
        self._total = 0
        self._done = 0
        self._started = self._said = time.monotonic()

    def phase(self, phase: Phase, total: int | None = None) -> None:
        self._phase, self._total, self._done = phase, total or 0, 0
        self._started = self._said = time.monotonic()
        if phase is not Phase.WALKING:
            note(
                f"{self._name}: {phase}, {counted(total, 'commit')}" if total is not None else f"{self._name}: {phase}"
            )

    def advance(self, count: int) -> None:
        self._done += count
        now = time.monotonic()
        if now - self._said >= LINE_SECONDS and self._done < self._total:
            self._said = now
            rate = self._done / (now - self._started)
            left = (self._total - self._done) / rate
            note(f"{self._name}: {self._done:,} of {self._total:,} commits, {rate:,.0f}/s, {duration(left)} left")

    def waiting(self, seconds: float, reason: str) -> None:
        note(f"{self._name}: waiting {duration(seconds)}: {reason}")


class BarProgress(QuietProgress):
    """Draws one live line with phase, bar, rate and time left; it disappears when the push is over.

    Rich is loaded when there is something to show: most pushes find nothing new and end before.
    """

    def __init__(self, *, named: bool = False) -> None:
        super().__init__(named=named)
        self._bars: Bars | None = None
        self._task: TaskID | None = None

    def phase(self, phase: Phase, total: int | None = None) -> None:
        bars = self._bars = self._bars or _start_bars()
        if self._task is not None:
            bars.remove_task(self._task)
        self._task = bars.add_task(visible(f"{self._name}  {phase}"), total=total)

    def advance(self, count: int) -> None:
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, count)

    def waiting(self, seconds: float, reason: str) -> None:
        bars = self._bars = self._bars or _start_bars()
        bars.console.print(visible(f"waiting {duration(seconds)}: {reason}"), markup=False, highlight=False)

    def warning(self, message: str, hint: str | None = None) -> None:
        if self._bars is None:
            super().warning(message, hint)
            return
        for line in (f"warning: {self._told(message)}", f"hint: {hint}" if hint else ""):
            if line:
                self._bars.console.print(visible(line), markup=False, highlight=False, style="yellow")

    def end(self) -> None:
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._task = None


def choose_progress(*, quiet: bool, named: bool = False, environ: Mapping[str, str] = os.environ) -> QuietProgress:
    """A live display only where somebody watches: not with `--quiet`, in CI, in a pipe, or on a dumb terminal."""
    if quiet:
        return QuietProgress(named=named)
    if is_on() or environ.get("CI") or environ.get("TERM") == "dumb" or not sys.stderr.isatty():
        return LineProgress(named=named)
    return BarProgress(named=named)


def _start_bars() -> "Bars":
    from tgl_client.terminal.bars import start_bars  # noqa: PLC0415 -- Rich costs 0.1 s, and most pushes have nothing to show

    return start_bars()
