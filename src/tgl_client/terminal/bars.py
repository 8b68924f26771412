"""The live line of a push on a terminal, drawn with Rich: one line at 80 columns, and no wider than needed at 200."""

import sys
from typing import Final

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from tgl_client.terminal.streams import obeyed
from tgl_client.terminal.words import duration

_BAR_WIDTH: Final = 24


class _Bar(ProgressColumn):
    """The bar, where it is known how much there is."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = BarColumn(_BAR_WIDTH)

    def render(self, task: Task) -> RenderableType:
        return Text() if task.total is None else self._bar.render(task)


class _Numbers(ProgressColumn):
    """Commits done, rate and time left, once they are known."""

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text()
        words = f"{task.completed:,.0f}/{task.total:,.0f}"
        if task.speed:
            words += f"  {task.speed:,.0f}/s"
        if task.time_remaining:
            words += f"  {duration(task.time_remaining)} left"
        return Text(words, style="progress.remaining")


def start_bars() -> Progress:
    """A running display on stderr that leaves no trace; Rich respects `NO_COLOR`."""
    name = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    numbers = _Numbers(table_column=Column(no_wrap=True, min_width=36))
    console = Console(file=obeyed(sys.stderr))
    bars = Progress(SpinnerColumn(), name, _Bar(), numbers, console=console, transient=True)
    bars.start()
    return bars
