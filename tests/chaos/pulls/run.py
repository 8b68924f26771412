"""One run: kill, replace, kill again; then calm, and what must hold."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.chaos.pulls.crew import Crew, working
from tests.chaos.pulls.remotes import Remotes
from tests.support.broker import running_broker
from tests.support.database import execute, rows, scalar
from tests.support.forge import running_forge
from tests.support.waiting import until
from tests.support.world import add_world
from tgl_protocol.projects import NewRepo, SyncMethod
from tgl_server.access.ids import ProjectId, RepoId
from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.projects.service import register_repo
from tgl_server.pull.mirrors import this_host
from tgl_server.settings import Settings

_SCHEDULES = ("* * * * *", "*/2 * * * *", "*/5 * * * *")
_GROWN = 6
#: On a loaded machine; the run ends as soon as all is calm.
_CALM_SECONDS = 400

_SCHEDULE = """
    INSERT INTO repo_pulls (repo_id, cron, next_due_at)
    VALUES (:id, :cron, now() + CAST(:after AS double precision) * interval '1 second')
"""
# As the minute of a lease would, without waiting for it; and a repository that is killed thrice is not to be paused.
_LET_GO = """
    UPDATE repo_pulls SET lease_until = now() - interval '1 second', attempts = 0
    WHERE lease_owner = ANY(CAST(:owners AS text[]))
"""
_SOME_RUN = "SELECT count(*) > 0 FROM repo_pulls WHERE lease_until > now()"
_SUCCESSES = "SELECT r.name, encode(f.sha, 'hex') AS sha FROM repos r JOIN repo_refs f ON f.repo_id = r.id"
# A git that was killed is a failed pull, which would be tried again after two minutes.
_AGAIN = """
    UPDATE repo_pulls SET next_due_at = now() WHERE failures > 0 AND lease_token IS NULL AND next_due_at > now()
"""
_UNDER_WAY = "SELECT count(*) FROM repo_pulls WHERE run_id IS NOT NULL OR failures > 0"
_FAILED = """
    SELECT r.name, p.failure_code, p.paused_reason FROM repo_pulls p JOIN repos r ON r.id = p.repo_id
    WHERE p.failures > 0 OR p.paused_at IS NOT NULL
"""


class Plan(Struct, frozen=True, kw_only=True):
    """What to do: `say` is told of each kill."""

    repos: int
    kills: int
    seed: int
    say: Callable[[str], None]


class Outcome(Struct, frozen=True):
    """What a run was, and what did not hold."""

    summary: str
    faults: list[str]


async def run_pulls(folder: Path, database: Database, settings: Settings, plan: Plan) -> Outcome:
    """Kill so many times while workers pull, and look whether all that was due is pulled, once."""
    chance = random.Random(plan.seed)
    names = [f"repo-{number}" for number in range(plan.repos)]
    with running_forge(folder / "forge") as forge, running_broker(folder) as broker:
        remotes = Remotes(forge, folder / "source", names, chance)
        own = msgspec.structs.replace(
            settings,
            mirror_dir=str(folder / "mirrors"),
            pull_allowed_networks=("127.0.0.1/32",),
            pull_allowed_ports=(forge.port,),
            pull_ca_file=str(forge.ca_file),
            broker_url=f"redis://127.0.0.1:{broker.port}/0",
        )
        await _schedule(database, remotes)
        crew = Crew(own, broker, folder / "log")
        with working(crew):
            broken = await _break(database, crew, remotes, plan, chance)
            faults = await _calm(database, remotes)
        faults += [*_overlaps(remotes), *(f"left behind: {line}" for line in crew.left())]
        faults += await _faults(database, folder / "mirrors")
        runs = await scalar(database, "SELECT count(*) FROM sync_runs WHERE state = 'done'")
        shown = ", ".join(f"{kind} {number}" for kind, number in sorted(broken.items()))
        return Outcome(f"seed {plan.seed}: {plan.repos} repositories, {runs} runs that stored; killed: {shown}", faults)


async def _faults(database: Database, mirrors: Path) -> list[str]:
    """What the database and the folder of mirrors show in the end."""
    found = [f"half a pack: {path}" for path in await asyncio.to_thread(_halves, mirrors)]
    failed = await rows(database, _FAILED)
    found += [f"failed: {row.name} {row.failure_code} {row.paused_reason}" for row in failed]
    alive = await scalar(database, "SELECT count(*) FROM pull_workers WHERE seen_at > now() - interval '1 s'")
    return [*found, f"{alive} workers that stopped give signs of life"] if alive else found


def _halves(mirrors: Path) -> list[Path]:
    return list(mirrors.glob("*.git/objects/**/tmp_*"))


async def _schedule(database: Database, remotes: Remotes) -> None:
    """The remotes' repositories, by three schedules, the first time within seconds."""
    world = await add_world(database, project="chaos")
    for number, (name, url) in enumerate(remotes.urls.items()):
        new = NewRepo(name=name, git_url=url, sync_method=SyncMethod.PULL_CELERY)
        async with database.transaction() as tx:
            repo = await register_repo(tx, ProjectId(world.project_id), new, COMMAND_LINE, FOLLOWERS)
        cron = _SCHEDULES[number % len(_SCHEDULES)]
        await execute(database, _SCHEDULE, id=RepoId(repo.id), cron=cron, after=float(number % 5))


async def _break(database: Database, crew: Crew, remotes: Remotes, plan: Plan, chance: random.Random) -> Counter[str]:
    broken: Counter[str] = Counter()
    for number in range(plan.kills):
        remotes.grow(_GROWN)
        await execute(database, "UPDATE repo_pulls SET next_due_at = now() WHERE lease_token IS NULL")
        await until(lambda: scalar(database, _SOME_RUN), _CALM_SECONDS)
        await asyncio.sleep(chance.uniform(0, 1.5))  # not a guess at a moment, but any moment
        what, gone = crew.break_something(chance)
        plan.say(f"{number + 1} of {plan.kills}: {what}")
        broken[what] += 1
        cut = remotes.answering()
        await until(partial(remotes.have_ended, cut), _CALM_SECONDS)
        await _let_go(database, gone)
        crew.complete()
    return broken


async def _let_go(database: Database, gone: Iterable[int]) -> None:
    await execute(database, _LET_GO, owners=[f"{this_host()}:{process}" for process in gone])


async def _calm(database: Database, remotes: Remotes) -> list[str]:
    """Wait until every remote's newest commit is here and nothing is under way; what is not, in the end."""
    await execute(database, "UPDATE repo_pulls SET next_due_at = now() WHERE lease_token IS NULL")
    tips = {name: remotes.tip(name) for name in remotes.names}
    late: list[str] = []

    async def is_calm() -> bool:
        await execute(database, _AGAIN)
        stored = {row.name: row.sha for row in await rows(database, _SUCCESSES)}
        late[:] = [f"not pulled: {name}" for name, sha in tips.items() if stored.get(name) != sha]
        return not late and not await scalar(database, _UNDER_WAY)

    try:
        await until(is_calm, _CALM_SECONDS)
    except TimeoutError:
        return late or ["some pull does not end, or fails again and again"]
    return []


def _overlaps(remotes: Remotes) -> list[str]:
    return [f"pulled {most} times at once: {name}" for name, most in sorted(remotes.most.items()) if most > 1]
