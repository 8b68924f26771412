"""Asks on a terminal whether a push may join two histories; where nobody can answer, the push stays refused."""

import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping

from tgl_client.errors import ForeignHistoryError
from tgl_client.report import PushReport
from tgl_client.terminal.output import note


async def push_or_ask(
    push: Callable[[bool], Awaitable[PushReport]], end_progress: Callable[[], None], *, may_ask: bool
) -> PushReport:
    """Push; where the server has another history, ask, and push again with leave to join the two."""
    try:
        return await push(False)
    except ForeignHistoryError as foreign:
        end_progress()  # a live bar would write over the question
        if not may_ask or not _agrees(foreign):
            raise
        return await push(True)


def somebody_answers(environ: Mapping[str, str] = os.environ) -> bool:
    """True on a terminal with somebody at it; CI systems have terminals without."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty() and not environ.get("CI")


def _agrees(foreign: ForeignHistoryError) -> bool:
    # asyncio's own handler would cancel the task, which cannot be noticed while a line is read.
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        note(f"warning: {foreign}")
        print(f"{foreign.question} [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    finally:
        signal.signal(signal.SIGINT, ours)
