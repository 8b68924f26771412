"""`just chaos-pull`: the same run as the test, with as many kills as one likes."""

import asyncio
import secrets
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from tests.chaos.pulls.run import Outcome, Plan, run_pulls
from tests.support.postgres import FAST_POSTGRES
from tgl_server.db import migrate
from tgl_server.db.embedded import embedded_postgres
from tgl_server.db.engine import Database
from tgl_server.settings import Settings


def main(
    kills: Annotated[int, typer.Option(min=0, help="How often something is killed.")] = 100,
    repos: Annotated[int, typer.Option(min=10, help="Repositories to pull.")] = 50,
    seed: Annotated[int | None, typer.Option(help="That of an earlier run, to have its chances again.")] = None,
) -> None:
    """Kill workers, beats, git and Redis at random while 50 repositories are pulled, and check that nothing is lost."""
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    with (
        tempfile.TemporaryDirectory(prefix="tgl-chaos-") as folder,
        embedded_postgres(Path(folder) / "postgres", settings=FAST_POSTGRES) as postgres,
    ):
        migrate.upgrade(postgres.dsn)
        outcome = asyncio.run(_run(Path(folder), postgres.dsn, kills, repos, seed))
    typer.echo(outcome.summary)
    for fault in outcome.faults:
        typer.echo(f"FAULT: {fault}", err=True)
    raise typer.Exit(bool(outcome.faults))


async def _run(folder: Path, url: str, kills: int, repos: int, seed: int) -> Outcome:
    settings = Settings(database_url=url)
    database = Database(settings)
    try:
        return await run_pulls(folder, database, settings, Plan(repos=repos, kills=kills, seed=seed, say=_say))
    finally:
        await database.close()


def _say(text: str) -> None:
    typer.echo(f"{datetime.now().astimezone():%H:%M:%S} {text}", err=True)


if __name__ == "__main__":
    typer.run(main)
