"""What pushes leave behind beside commits: runs, the status of the repository, and the audit log."""

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.database import execute
from tests.support.world import World, status_of
from tgl_server.db.engine import Database


async def test_status_goes_from_pending_to_healthy(api: Api, path: str, world: World) -> None:
    before = await status_of(api, world)
    assert (before["status"], before["last_sync_at"], before["total_commits"]) == ("pending", None, 0)
    await api.post(path, batch(commit("one")))
    after = await status_of(api, world)
    assert (after["status"], after["total_commits"]) == ("healthy", 1)
    assert after["last_sync_at"] == after["last_success_at"] == after["last_attempt_at"]


async def test_a_refused_batch_shows_as_error_until_one_is_stored(api: Api, path: str, world: World) -> None:
    await api.post(path, batch(commit("one", sha="nonsense")))
    failed = await status_of(api, world)
    assert failed["status"] == "error"
    assert "1 of 1 commits" in failed["error_message"]
    assert failed["last_attempt_at"] is not None
    assert failed["last_success_at"] is None
    await api.post(path, batch(commit("one")))
    assert (await status_of(api, world))["error_message"] is None


async def test_a_run_stays_open_until_its_refs_are_recorded(api: Api, path: str, world: World) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    for number in range(3):
        await api.post(path, batch(commit(number)), headers=run)
    assert (await status_of(api, world))["status"] == "syncing"
    await api.put(f"{world.sync_path}/refs", {"refs": {}}, headers=run)
    assert (await status_of(api, world))["status"] == "healthy"
    (found,) = (await api.get(f"{world.sync_path}/runs")).json["items"]
    assert found["id"] == run["TGL-Run-Id"]
    assert (found["state"], found["batches"], found["inserted"]) == ("done", 3, 3)
    assert found["key_prefix"] == world.key[:12]


@pytest.mark.parametrize("run_id", ["", "null", "{}", "4711"])
async def test_a_run_id_that_is_no_uuid_is_refused(api: Api, path: str, run_id: str) -> None:
    answer = await api.post(path, batch(commit("one")), headers={"TGL-Run-Id": run_id})
    assert (answer.status, answer.json["code"]) == (422, "invalid_parameter")


async def test_a_syncing_left_behind_does_not_stay_for_ever(
    api: Api, path: str, world: World, database: Database
) -> None:
    await api.post(path, batch(commit("one")), headers={"TGL-Run-Id": str(uuid4())})
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE repo_states SET last_attempt_at = now() - interval '16 minutes'"))
        await tx.execute(text("UPDATE sync_runs SET last_batch_at = now() - interval '16 minutes'"))
    found = await status_of(api, world)
    assert (found["status"], "interrupted" in found["error_message"]) == ("error", True)
    assert (await api.get(f"{world.sync_path}/runs")).json["items"][0]["state"] == "interrupted"


async def test_runs_come_newest_first_in_pages(api: Api, path: str, world: World) -> None:
    for number in range(5):
        await api.post(path, batch(commit(number), commit(number + 1)))
    first = (await api.get(f"{world.sync_path}/runs?limit=3")).json
    rest = (await api.get(f"{world.sync_path}/runs?limit=3&cursor={first['next_cursor']}")).json
    starts = [run["started_at"] for run in first["items"] + rest["items"]]
    assert (len(starts), starts) == (5, sorted(starts, reverse=True))
    assert rest["next_cursor"] is None


async def test_the_start_of_a_run_is_in_the_audit_log_once(api: Api, path: str, database: Database) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    await api.post(path, batch(commit("one")), headers=run)
    await api.post(path, batch(commit("two")), headers=run)
    async with database.statements() as connection:
        found = await connection.execute(text("SELECT * FROM audit_logs WHERE action = 'sync:started'"))
    (entry,) = found.all()
    assert (entry.details["run_id"], str(entry.ip)) == (run["TGL-Run-Id"], "127.0.0.1")


async def test_a_refused_run_stays_failed_when_it_is_closed(api: Api, path: str, world: World) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    await api.post(path, batch(commit("one", sha="nonsense")), headers=run)
    await api.put(f"{world.sync_path}/refs", {"refs": {}}, headers=run)
    assert (await status_of(api, world))["status"] == "error"
    assert (await api.get(f"{world.sync_path}/runs")).json["items"][0]["state"] == "failed"


async def test_a_refused_run_that_goes_on_forgets_its_error(api: Api, path: str, world: World) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    await api.post(path, batch(commit("one", sha="nonsense")), headers=run)
    await api.post(path, batch(commit("one")), headers=run)
    found = (await api.get(f"{world.sync_path}/runs")).json["items"][0]
    assert (found["state"], found["error_message"]) == ("running", None)


async def test_a_run_that_is_still_open_is_no_success_yet(api: Api, path: str, world: World) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    await api.post(path, batch(commit("one")), headers=run)
    assert (await status_of(api, world))["last_success_at"] is None
    await api.put(f"{world.sync_path}/refs", {"refs": {}}, headers=run)
    assert (await status_of(api, world))["last_success_at"] is not None


async def test_a_batch_without_a_valid_commit_says_nothing_about_the_repository(
    api: Api, path: str, world: World
) -> None:
    await api.post(f"{path}?on_error=skip", batch(commit("one", sha="nonsense")))
    found = await status_of(api, world)
    assert (found["status"], found["last_success_at"]) == ("pending", None)
    assert (await api.get(f"{world.sync_path}/runs")).json["items"][0]["state"] == "failed"


async def test_a_refusal_is_in_the_audit_log(api: Api, path: str, database: Database) -> None:
    await api.post(path, batch(commit("one", sha="nonsense")))
    async with database.statements() as connection:
        found = await connection.execute(text("SELECT outcome FROM audit_logs WHERE action = 'sync:refused'"))
    assert found.scalars().all() == ["refused"]


MAKE_RUN = "INSERT INTO sync_runs (repo_id, id, state, source, phase) VALUES (:repo, :run, :state, :source, :phase)"


async def test_a_push_is_a_run_of_its_client_and_has_no_phase(api: Api, path: str, world: World) -> None:
    await api.post(path, batch(commit("one")))
    (run,) = (await api.get(f"{world.sync_path}/runs")).json["items"]
    assert (run["source"], run["phase"]) == ("push", None)


@pytest.mark.parametrize(("state", "phase"), [("queued", "queued"), ("cancelled", "fetching"), ("running", "walking")])
async def test_runs_of_pulls_are_listed_and_shown_with_their_phase(
    api: Api, world: World, database: Database, state: str, phase: str
) -> None:
    run_id = uuid4()
    pulled = {"repo": world.repo_id, "run": run_id, "state": state, "source": "pull", "phase": phase}
    await execute(database, MAKE_RUN, **pulled)
    (listed,) = (await api.get(f"{world.sync_path}/runs?state={state}")).json["items"]
    shown = (await api.get(f"{world.sync_path}/runs/{run_id}")).json
    assert {run[name] for run in (listed, shown) for name in ("state", "phase")} == {state, phase}
    assert (listed["source"], shown["source"]) == ("pull", "pull")


@pytest.mark.parametrize("column", ["state", "source", "phase"])
async def test_a_run_has_no_other_words(database: Database, world: World, column: str) -> None:
    run = {"repo": world.repo_id, "run": uuid4(), "state": "done", "source": "push", "phase": None, column: "made up"}
    with pytest.raises(IntegrityError, match=f"ck_sync_runs_{column}"):
        await execute(database, MAKE_RUN, **run)
