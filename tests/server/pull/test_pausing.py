"""Pulls that people pause: nothing but people ends that."""

from tests.support.database import audited, execute
from tests.support.people import Person, make_project, make_repo
from tests.support.pulls import ask, ask_after_push, claim, claimed, done, let_pull, queue_row, run_of, tick
from tests.support.world import World
from tgl_protocol.pulls import PullInfo, PullSchedule
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.pull.queue import Ending
from tgl_server.pull.service import pause_pulls, pull_info, resume_pulls, set_schedule


async def pause(database: Database, repo_id: RepoId, world: World) -> PullInfo:
    async with database.transaction() as tx:
        await pause_pulls(tx, repo_id, Actor(world.user_id))
        return await pull_info(tx, repo_id)


async def resume(database: Database, repo_id: RepoId) -> PullInfo:
    async with database.transaction() as tx:
        await resume_pulls(tx, repo_id, Actor())
        return await pull_info(tx, repo_id)


async def test_what_a_person_has_paused_is_not_pulled_until_somebody_resumes(
    database: Database, due: RepoId, world: World
) -> None:
    paused = await pause(database, due, world)
    assert (paused.paused_by, paused.paused_reason, paused.paused_at is None) == (world.user_id, None, False)
    await execute(database, "UPDATE repos SET git_url = 'https://git.example.com/elsewhere.git'")
    assert (await tick(database), await claim(database, due), await ask_after_push(database, due)) == ([], None, None)
    resumed = await resume(database, due)
    assert (resumed.paused_at, resumed.cron, resumed.next_due_at is None) == (None, "*/5 * * * *", False)
    await execute(database, "UPDATE repo_pulls SET next_due_at = now() - interval '1 second'")
    assert await tick(database) == [due]
    for action in ("repo:pull_paused", "repo:pull_resumed"):
        assert len(await audited(database, action)) == 1


async def test_a_pause_cancels_what_waits_and_lets_go_on_what_runs(
    database: Database, due: RepoId, world: World
) -> None:
    lease = await claimed(database, due)
    waiting = await ask(database, due)
    assert (await pause(database, due, world)).running_run_id == lease.run_id
    assert (await run_of(database, waiting))["state"] == "cancelled"
    assert await done(database, lease, Ending(refusals=5, paused_reason="refused", failures=1))
    row = await queue_row(database)
    assert (row.paused_by, row.paused_reason, row.paused_at is None) == (world.user_id, None, False)


async def test_asking_and_a_schedule_end_a_pause_and_resuming_twice_is_no_error(
    database: Database, world: World
) -> None:
    repo_id = await let_pull(database, world)
    await pause(database, repo_id, world)
    assert await claim(database, repo_id) is None
    await ask(database, repo_id)
    assert (await queue_row(database)).paused_by is None
    await pause(database, repo_id, world)
    async with database.transaction() as tx:
        await set_schedule(tx, repo_id, PullSchedule(cron="0 * * * *"), Actor(world.user_id))
    assert (await resume(database, repo_id)).paused_at is None
    assert await audited(database, "repo:pull_resumed") == []


async def test_a_pause_by_a_person_is_shown_with_who_it_was(ada: Person, database: Database) -> None:
    project = await make_project(ada)
    await make_repo(ada, project, git_url="https://git.example.com/linux.git", sync_method="pull_celery")
    path = f"{project}/repos/linux/pull"
    paused = await ada.post(f"{path}/pause", None)
    assert (paused.status, paused.json["paused_by"]) == (200, str(ada.id))
    resumed = await ada.post(f"{path}/resume", None)
    assert (resumed.status, resumed.json["paused_by"], resumed.json["paused_at"]) == (200, None, None)
