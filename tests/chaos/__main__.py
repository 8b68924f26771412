"""`just chaos`: the same run as the test, for as long as one likes."""

import secrets
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from tests.chaos.run import run_chaos


def main(
    minutes: Annotated[float, typer.Option(help="How long things break; the calm and the checks come after it.")] = 15,
    seed: Annotated[int | None, typer.Option(help="That of an earlier run, to have its chances again.")] = None,
) -> None:
    """Break everything at random while four clients push, and check that nothing was lost."""
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    _say(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="tgl-chaos-") as folder:
        outcome = run_chaos(Path(folder), seconds=60 * minutes, seed=seed, say=_say)
    typer.echo(outcome.summary)
    for fault in outcome.faults:
        typer.echo(f"FAULT: {fault}", err=True)
    raise typer.Exit(bool(outcome.faults))


def _say(text: str) -> None:
    typer.echo(f"{datetime.now().astimezone():%H:%M:%S} {text}", err=True)


if __name__ == "__main__":
    typer.run(main)
