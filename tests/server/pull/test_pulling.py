"""One pull from a real forge: what is stored, what is recorded, and what each failure says."""

import asyncio
from pathlib import Path

from tests.support.command import tgl
from tests.support.database import count, execute, rows, scalar
from tests.support.forge import Forge
from tests.support.histories import add_commits, git
from tests.support.pulls import (
    Hanging,
    ask,
    cancel,
    claimed,
    columns_of,
    let_pull,
    pull,
    queue_row,
    run_of,
    state_of,
    tips,
)
from tests.support.pushing import stored
from tests.support.repositories import random_repository
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tests.support.world import World, add_world
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.followers.runner import catch_up
from tgl_server.pull import queue
from tgl_server.pull.mirrors import mirror_of
from tgl_server.pull.pulling import Pull
from tgl_server.settings import Settings
from tgl_server.verify.service import find_faults


async def test_rows_are_those_of_a_push_column_by_column(
    server: RunningServer, database: Database, world: World, settings: Settings, forge: Forge, tmp_path: Path
) -> None:
    source = random_repository(tmp_path / "random", 400, seed=7)
    pushed = await add_world(database, project="pushed")
    done = tgl("push", source, cwd=source, **pushed.environment(server.url))
    assert done.code == 0, done.err
    run = await pull(database, settings, await let_pull(database, world, forge.add(source)))
    theirs, ours = await columns_of(database, pushed.repo_id), await columns_of(database, world.repo_id)
    assert (len(ours), ours == theirs) == (int(git(source, "rev-list", "--count", "--all")), True)
    assert (run["state"], run["inserted"], run["errors"], run["client_version"]) == (
        "done",
        len(ours),
        0,
        queue.CLIENT_VERSION,
    )
    own = "SELECT name, sha FROM repo_refs WHERE repo_id = :id ORDER BY name"
    assert await rows(database, own, id=world.repo_id) == await rows(database, own, id=pushed.repo_id)
    await catch_up(database, FOLLOWERS)
    assert await find_faults(database, settings.run_timeout, FOLLOWERS) == []


async def test_the_default_branch_and_generated_lines_are_those_of_a_push(
    server: RunningServer, database: Database, world: World, settings: Settings, forge: Forge, source: Path
) -> None:
    files = {".gitattributes": "made/** linguist-generated\n", "made/by.py": "1\n2\n", "go.sum": "a\n", "own.py": "1\n"}
    for name, text in files.items():
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(text)
    git(source, "add", "-A")
    git(source, "commit", "-qm", "Generated")
    git(source, "branch", "other")
    url = forge.add(source)
    bare, clone = forge.root / "app.git", source.with_name("clone")
    git(source.parent, "clone", "-q", str(bare), str(clone))
    pushed = await add_world(database, project="pushed")
    done = tgl("push", clone, cwd=clone, **pushed.environment(server.url))
    assert done.code == 0, done.err
    await pull(database, settings, await let_pull(database, world, url))
    assert await columns_of(database, world.repo_id) == await columns_of(database, pushed.repo_id)
    sums = "SELECT sum(generated_additions) FROM commits WHERE repo_id = :id"
    assert await scalar(database, sums, id=world.repo_id) == 3
    heads = "SELECT DISTINCT s.head, u.name, u.sha FROM repo_states s JOIN ref_updates u USING (repo_id)"
    (head,) = await rows(database, heads)
    assert (head.head, head.name) == (git(bare, "symbolic-ref", "HEAD"),) * 2

    git(bare, "symbolic-ref", "HEAD", "refs/heads/other")
    own = "SELECT head FROM repo_states WHERE repo_id = :id"
    await pull(database, settings, RepoId(world.repo_id))
    assert await scalar(database, own, id=world.repo_id) == head.head
    (mirror_of(settings, RepoId(world.repo_id)) / "tgl-head-asked").unlink()
    await pull(database, settings, RepoId(world.repo_id))
    assert await scalar(database, own, id=world.repo_id) == "refs/heads/other"


async def test_a_pull_that_finds_nothing_new_is_a_run_only_where_somebody_asked(
    database: Database, world: World, settings: Settings, repo: RepoId
) -> None:
    await pull(database, settings, repo)
    again = await pull(database, settings, repo)
    assert (again["state"], again["batches"], await count(database, "sync_runs")) == ("done", 0, 2)
    await execute(database, "UPDATE repo_pulls SET cron = '* * * * *', next_due_at = now()")
    before = await scalar(database, "SELECT last_success_at FROM repo_states")
    await Pull(database, settings, await claimed(database, repo)).run()
    assert await count(database, "sync_runs") == 2
    assert await scalar(database, "SELECT last_success_at FROM repo_states") > before
    assert (await state_of(database, world))[0] == "healthy"
    assert (await queue_row(database)).waits.total_seconds() > 0


async def test_the_remotes_branches_replace_all_tips_and_no_commit_is_lost(
    database: Database, settings: Settings, repo: RepoId, forge: Forge, source: Path
) -> None:
    git(source, "branch", "old")
    forge.update(source)
    await pull(database, settings, repo)
    await execute(
        database,
        "INSERT INTO repo_refs (repo_id, name, sha) VALUES (:id, 'refs/heads/of-a-laptop', decode(:sha, 'hex'))",
        id=repo,
        sha=git(source, "rev-parse", "main"),
    )
    await pull(database, settings, repo)
    assert set(await tips(database)) == {"refs/heads/main", "refs/heads/old"}
    lost = git(source, "rev-parse", "main")
    git(source, "update-ref", "refs/heads/main", "main~1")
    git(source, "branch", "-D", "old")
    add_commits(source, 2)
    forge.update(source)
    await pull(database, settings, repo)
    assert await tips(database) == {"refs/heads/main": git(source, "rev-parse", "main")}
    assert await stored(database) == {lost, *git(source, "rev-list", "main").split()}


async def test_an_empty_remote_is_a_success_without_commits(
    database: Database, world: World, settings: Settings, forge: Forge, tmp_path: Path
) -> None:
    git(tmp_path, "init", "-q", "--bare", str(forge.root / "empty.git"))
    run = await pull(database, settings, await let_pull(database, world, f"{forge.url}/empty.git"))
    assert (run["state"], await state_of(database, world)) == ("done", ("healthy", None))
    assert (await count(database, "commits"), await tips(database)) == (0, {})


async def test_a_pull_that_is_cancelled_ends_and_keeps_what_was(
    database: Database, world: World, settings: Settings, repo: RepoId, hanging: Hanging
) -> None:
    run_id = await ask(database, repo)
    pulling = asyncio.create_task(Pull(database, settings, await claimed(database, repo), renew_seconds=0.05).run())
    await until(lambda: hanging.is_asked)
    await cancel(database, repo)
    await pulling
    run = await run_of(database, run_id)
    assert (run["state"], run["error_message"]) == ("cancelled", queue.CANCELLED)
    assert await state_of(database, world) == ("pending", None)
    row = await queue_row(database)
    assert (row.lease_token, row.run_id, row.cancel_requested_at, row.failures) == (None, None, None, 0)


async def test_a_pull_ends_when_clients_push_from_now_on(
    database: Database, settings: Settings, repo: RepoId, hanging: Hanging
) -> None:
    run_id = await ask(database, repo)
    pulling = asyncio.create_task(Pull(database, settings, await claimed(database, repo), renew_seconds=0.05).run())
    await until(lambda: hanging.is_asked)
    await execute(database, "UPDATE repos SET sync_method = 'push_client'")
    await pulling
    assert (await run_of(database, run_id))["error_message"] == queue.PUSHED_NOW


async def test_a_long_fetch_gives_signs_of_life(
    database: Database, settings: Settings, repo: RepoId, hanging: Hanging
) -> None:
    run_id = await ask(database, repo)
    pulling = asyncio.create_task(Pull(database, settings, await claimed(database, repo), renew_seconds=0.05).run())
    await until(lambda: hanging.is_asked)
    before = (await run_of(database, run_id))["last_batch_at"]

    async def is_later() -> bool:
        run = await run_of(database, run_id)
        assert (run["state"], run["phase"]) == ("running", "fetching")
        return bool(run["last_batch_at"] > before)

    await until(is_later)
    hanging.go_on()
    await pulling
    assert (await run_of(database, run_id))["state"] == "done"
