"""`tgl-server verify`: check the stored counters and marks, and repair them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

import typer

from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.context import process_settings, run_with_database, with_database
from tgl_server.cli.output import say
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.verify.service import Fault, find_faults, repair

_HEADINGS = ("repository", "fault", "of", "found", "expected", "")


def verify(
    fix: Annotated[bool, typer.Option("--fix", help="Repair what is found; safe while clients push.")] = False,
) -> None:
    """Check counters, last commits, ingest log, followers, branch tips, runs and orphans of all repositories.

    Exits with 1 when something is wrong and was not repaired.
    """
    with with_database(process_settings()) as settings:
        run_timeout = timedelta(minutes=settings.run_timeout_minutes)

        async def act(database: Database, _: Argon2) -> list[tuple[Fault, str]]:
            faults = await find_faults(database, run_timeout, FOLLOWERS)
            return [(fault, await _outcome(database, fault, run_timeout) if fix else "") for fault in faults]

        found = run_with_database(act, settings)
    if not found:
        say("All counters, last commits, branch tips, runs, the ingest log and its followers are right.")
        return
    say(_table([_HEADINGS, *(_row(fault, outcome) for fault, outcome in found)]))
    if not fix:
        say(f"{len(found)} found; `tgl-server verify --fix` repairs them.", err=True)
        raise typer.Exit(1)


async def _outcome(database: Database, fault: Fault, run_timeout: timedelta) -> str:
    return "repaired" if await repair(database, fault, run_timeout, FOLLOWERS) else "right by now"


def _row(fault: Fault, outcome: str) -> tuple[str, ...]:
    return fault.repo, fault.kind, fault.subject or "-", fault.found, fault.expected, outcome


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    rows = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(n) for cell, n in zip(row, widths, strict=True)).rstrip() for row in rows)
