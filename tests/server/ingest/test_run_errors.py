"""The reasons for refused commits: kept with their run, however the batch was answered, and shown with it."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.support.api import Api
from tests.support.commits import NDJSON, batch, commit, lines_of, sha_of
from tests.support.database import count, execute, rows, scalar
from tests.support.world import World
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.projects.service import delete_repo

RUN = {"TGL-Run-Id": str(uuid4())}


def bad(name: object, **fields: Any) -> dict[str, Any]:
    return commit(name, **{"additions": -1, **fields})


async def run_of(api: Api, world: World, run_id: str = RUN["TGL-Run-Id"]) -> Any:
    answer = await api.get(f"{world.sync_path}/runs/{run_id}")
    assert answer.status == 200, answer.body
    return answer.json


@pytest.mark.parametrize(("on_error", "status", "inserted"), [("refuse", 422, 0), ("skip", 201, 1)])
async def test_each_refused_commit_is_kept_with_its_reason(
    api: Api, path: str, world: World, on_error: str, status: int, inserted: int
) -> None:
    sent = batch(
        commit("good"), bad("one"), commit("two", message_title=...), bad("three", sha="nonsense", additions=1)
    )
    answer = await api.post(f"{path}?on_error={on_error}", sent, headers=RUN)
    assert answer.status == status
    found = await run_of(api, world)
    assert found["inserted"] == inserted
    assert [(each["sha"], each["field"]) for each in found["refused"]] == [
        (sha_of("one"), "additions"), (sha_of("two"), "message_title"), ("nonsense", "sha"),
    ]  # fmt: skip
    assert all(each["message"] for each in found["refused"])
    listed = (await api.get(f"{world.sync_path}/runs")).json["items"]
    assert [{name: value for name, value in found.items() if name != "refused"}] == listed


async def test_a_stream_s_invalid_lines_are_kept(api: Api, world: World) -> None:
    lines = lines_of([commit("good"), bad("one")]) + b"no json\n"
    answer = await api.post(f"{world.sync_path}/commits/stream", data=lines, headers={**NDJSON, **RUN})
    assert (answer.status, answer.json["errors"]) == (201, 2)
    one, two = (await run_of(api, world))["refused"]
    assert (one["sha"], one["field"]) == (sha_of("one"), "additions")
    assert (two["sha"], two["field"]) == (None, None)
    assert "JSON" in two["message"]


async def test_a_run_keeps_its_first_hundred_reasons_in_order(api: Api, path: str, world: World) -> None:
    for start in (0, 60, 120):
        await api.post(path, batch(*(bad(n) for n in range(start, start + 60))), headers=RUN)
    found = await run_of(api, world)
    assert found["errors"] == 180
    assert [each["sha"] for each in found["refused"]] == [sha_of(n) for n in range(100)]


async def test_batches_of_a_run_that_are_refused_at_once_number_their_reasons_apart(
    api: Api, path: str, world: World, database: Database
) -> None:
    sent = [batch(*(bad(f"{n}-{k}") for k in range(5))) for n in range(6)]
    answers = await asyncio.gather(*(api.post(path, each, headers=RUN) for each in sent))
    assert {answer.status for answer in answers} == {422}
    found = await rows(database, "SELECT n FROM sync_run_errors ORDER BY n")
    assert [row.n for row in found] == list(range(1, 31))
    assert len((await run_of(api, world))["refused"]) == 30


async def test_what_postgresql_cannot_store_is_kept_in_a_form_that_it_can(api: Api, path: str, world: World) -> None:
    answer = await api.post(path, batch(bad("one", sha="a\x00b"), bad("two", **{"x\x00": "y\x00"})), headers=RUN)
    assert answer.status == 422
    first, second = (await run_of(api, world))["refused"]
    assert (first["sha"], second["sha"]) == ("a\ufffdb", sha_of("two"))


async def test_a_refused_commit_is_found_by_the_beginning_of_its_sha(api: Api, path: str, database: Database) -> None:
    await api.post(path, batch(*(bad(n) for n in range(50))), headers=RUN)
    start = sha_of(7)[:8]
    found = "SELECT message FROM sync_run_errors WHERE repo_id = :repo AND sha >= :start AND sha < :end"
    repo = await scalar(database, "SELECT id FROM repos")
    assert len(await rows(database, found, repo=repo, start=start, end=f"{start}g")) == 1


async def test_a_good_run_refuses_nothing(api: Api, path: str, world: World) -> None:
    await api.post(path, batch(commit("one")), headers=RUN)
    assert (await run_of(api, world))["refused"] == []


async def test_a_run_of_another_repository_is_not_there(api: Api, path: str, world: World, database: Database) -> None:
    await api.post(path, batch(bad("one")), headers=RUN)
    await api.post(f"/api/v1/projects/{world.project}/repos", {"name": "other"})
    other = f"/api/v1/sync/projects/{world.project}/repos/other/runs/{RUN['TGL-Run-Id']}"
    answer = await api.get(other)
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert (await api.get(f"{world.sync_path}/runs/{uuid4()}")).status == 404


async def test_a_repository_that_was_deleted_during_the_push_keeps_no_reasons(
    api: Api, path: str, database: Database
) -> None:
    await execute(database, "DELETE FROM repo_states")
    await api.post(path, batch(bad("one")), headers=RUN)
    assert await count(database, "sync_run_errors") == 0


async def test_a_deleted_repository_takes_its_reasons_along(
    api: Api, path: str, world: World, database: Database
) -> None:
    await api.post(path, batch(bad("one")), headers=RUN)
    assert await count(database, "sync_run_errors") == 1
    async with database.transaction() as tx:
        await delete_repo(tx, RepoId(world.repo_id), Actor(), FOLLOWERS)
    assert await count(database, "sync_run_errors") == 0
