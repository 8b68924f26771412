"""`tgl-server doctor`: is this server well, and what to do if not."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from tgl_server.broker.ping import broker_answers
from tgl_server.cli.context import data_dir, database_needed, process_settings, with_database
from tgl_server.cli.output import say
from tgl_server.cli.pages import AsJson, say_json
from tgl_server.db.engine import Database
from tgl_server.db.pooler import UnnamedPooler, check_pooler
from tgl_server.errors import ServerError, StartupError
from tgl_server.features import FEATURES, FOLLOWERS
from tgl_server.serving.server import check_servable
from tgl_server.settings import Hosting, Settings
from tgl_server.system.checks import Check, Level, broker_check, checks_of, worst_first
from tgl_server.system.machine import read_machine, read_sealed
from tgl_server.system.machine_checks import machine_checks, sealed_check
from tgl_server.system.state import read_system

_WORDS = {Level.BAD: "wrong", Level.WARN: "look", Level.OK: "good"}
_SEALED = [column for feature in FEATURES for column in feature.sealed]


def doctor(
    workers: Annotated[int, typer.Option(min=1, help="The worker processes that `serve` is started with.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Check database, migrations, clocks, disks, rate limits, broker, proxies, workers, followers, git and keys.

    Prints a line for each, with what to do about it. Exits with 1 when something is wrong.
    """
    checks = worst_first(_look(workers))
    is_well = all(check.level is Level.OK for check in checks)
    if as_json:
        say_json(is_well=is_well, checks=checks)
    else:
        _say(checks)
    if not is_well:
        raise typer.Exit(1)


def _say(checks: list[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        say(f"{_WORDS[check.level]:<5}  {check.name:<{width}}  {check.finding}")
        if check.remedy:
            say(f"{'':<5}  {'':<{width}}  -> {check.remedy}")


def _look(workers: int) -> list[Check]:
    """All checks; those that need what is wrong are left out."""
    try:
        given = process_settings()
        check_servable(given, workers)
    except StartupError as error:
        return [_failed("Settings", error)]
    found = [Check("Settings", Level.OK, f"Valid, for {given.environment}")]
    hosting = Hosting(workers=workers, data_dir=None if given.database_url else data_dir(given))
    try:
        with with_database(given) as settings, database_needed(settings):
            return found + asyncio.run(_look_at_all(settings, hosting))
    except ServerError as error:
        return [*found, _failed("Database", error), *asyncio.run(_look_around(given, hosting, pulled_repos=0))]


def _failed(name: str, error: ServerError) -> Check:
    """The sentences of an error: what happened, then what to do."""
    text = str(error)
    finding, separator, remedy = text.rpartition("; ")
    if not separator:
        finding, _, remedy = text.partition(". ")
    return Check(name, Level.BAD, finding.rstrip("."), remedy[:1].upper() + remedy[1:])


async def _look_at_all(settings: Settings, hosting: Hosting) -> list[Check]:
    database = Database(settings)
    try:
        await check_pooler(database)
        state = await read_system(database, settings, hosting, FOLLOWERS)
        found = checks_of(state)
        if state.use is not None:
            sealed = await read_sealed(database, settings.secrets_keys, _SEALED)
            found.append(sealed_check(sealed, has_keys=bool(settings.secrets_keys)))
    except UnnamedPooler as error:
        return [_failed("Database", error)]
    finally:
        await database.close()
    return found + await _look_around(settings, hosting, pulled_repos=state.database.pulls.repos)


async def _look_around(settings: Settings, hosting: Hosting, *, pulled_repos: int) -> list[Check]:
    """The checks that need no database."""
    machine, has_worker = await read_machine(settings), settings.pull_worker and hosting.data_dir is not None
    now, does_answer = datetime.now(UTC), await broker_answers(settings.broker_url)
    brokers = [] if does_answer is None else [broker_check(settings.broker_url, does_answer=does_answer)]
    return brokers + list(machine_checks(machine, settings, pulled_repos=pulled_repos, has_worker=has_worker, now=now))
