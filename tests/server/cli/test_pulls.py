"""`tgl-server pulls`: the queue, the workers, a pause of all, and a pull now."""

import asyncio
import json
from pathlib import Path
from uuid import UUID

from tests.support.broker import running_broker
from tests.support.command import Run
from tests.support.database import execute, rows, scalar
from tests.support.pulls import claim, claimed, let_pull, make_due, run_of, tick
from tests.support.world import World
from tgl_server.db.engine import Database

_WORKER = "INSERT INTO pull_workers (id, host, pid, version, children) VALUES (:id, 'north', 4711, '9', 3)"


def test_the_queue_and_the_workers_are_listed(
    own_loop: asyncio.Runner, own_pool: Database, database_url: str, world: World, run: Run
) -> None:
    repo_id = own_loop.run(let_pull(own_pool, world))
    own_loop.run(make_due(own_pool, repo_id))
    own_loop.run(execute(own_pool, _WORKER, id=UUID(int=1)))
    code, said = run("pulls", "list", DATABASE_URL=database_url)
    assert (code, "0 run, 1 wait, 1 are pulled in all" in said, " due " in said) == (0, True, True)
    own_loop.run(claimed(own_pool, repo_id))
    document = json.loads(run("pulls", "list", "--json")[1])
    assert (document["figures"]["running"], document["pulls"][0]["state"]) == (1, "running")
    assert document["pulls"][0]["worker"] == "here"
    assert "north:4711  alive" in run("pulls", "workers")[1]
    assert json.loads(run("pulls", "workers", "--json")[1])["workers"][0]["children"] == 3


def test_while_all_pulls_are_paused_none_begins_and_what_waits_is_not_lost(
    own_loop: asyncio.Runner, own_pool: Database, database_url: str, world: World, run: Run
) -> None:
    repo_id = own_loop.run(let_pull(own_pool, world))
    own_loop.run(make_due(own_pool, repo_id))
    assert "0 still run" in run("pulls", "pause", "disk is exchanged", DATABASE_URL=database_url)[1]
    assert (own_loop.run(tick(own_pool)), own_loop.run(claim(own_pool, repo_id))) == ([], None)
    assert "disk is exchanged" in run("pulls", "list")[1]
    assert run("pulls", "resume")[1] == "Resumed\n"
    assert run("pulls", "resume")[1] == "Pulls were not paused\n"
    assert own_loop.run(tick(own_pool)) == [repo_id]
    logged = own_loop.run(rows(own_pool, "SELECT action FROM audit_logs WHERE action LIKE 'pulls:%' ORDER BY id"))
    assert [row.action for row in logged] == ["pulls:paused", "pulls:resumed"]


def test_a_repository_is_pulled_now_and_a_worker_is_woken_up(
    own_loop: asyncio.Runner, own_pool: Database, database_url: str, world: World, run: Run, tmp_path: Path
) -> None:
    repo_id = own_loop.run(let_pull(own_pool, world))
    name = own_loop.run(scalar(own_pool, "SELECT name FROM repos"))
    with running_broker(tmp_path) as broker:
        url = f"valkey://127.0.0.1:{broker.port}/0"
        code, said = run("pulls", "run", world.project, name, DATABASE_URL=database_url, BROKER_URL=url)
        assert (code, broker.waiting()) == (0, 1)
    lease = own_loop.run(claimed(own_pool, repo_id))
    assert str(lease.run_id) in said
    again, said = run("pulls", "run", world.project, name)
    assert (again, "does not answer" in said) == (0, True)
    assert (own_loop.run(run_of(own_pool, lease.run_id)))["state"] == "running"


def test_a_repository_that_is_not_there_or_that_clients_push_to_is_named(
    own_loop: asyncio.Runner, own_pool: Database, database_url: str, world: World, run: Run
) -> None:
    name = own_loop.run(scalar(own_pool, "SELECT name FROM repos"))
    assert "has no repository other" in run("pulls", "run", world.project, "other", DATABASE_URL=database_url)[1]
    code, said = run("pulls", "run", world.project, name)
    assert (code, "error:" in said) == (1, True)
