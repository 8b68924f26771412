"""A repository is deleted while clients push to it: whoever comes first, no commit stays behind.

The test holds the repository's row until both the push and the deletion wait for it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from tests.commits import batch, numbered
from tests.server.people import People, Person
from tests.server.projects.test_projects import made
from tests.server.projects.test_repos import registered, rows_of
from tgl_server.db.engine import Database

NOTHING = {"commits": 0, "repo_refs": 0, "sync_runs": 0, "repos": 0}


@asynccontextmanager
async def held_row(database: Database, name: str) -> AsyncIterator[None]:
    async with database.transaction() as tx:
        await tx.execute(text("SELECT FROM repos WHERE name = :name FOR UPDATE"), {"name": name})
        yield


async def waiting(database: Database, count: int) -> None:
    """Until that many sessions wait for a lock."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with asyncio.timeout(20), database.statements() as connection:
        while await connection.scalar(query) < count:  # noqa: ASYNC110 -- PostgreSQL tells nobody
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("first", ["push", "deletion"])
@pytest.mark.parametrize("what", ["repository", "project"])
async def test_no_commit_outlives_its_repository(people: People, database: Database, first: str, what: str) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    repo = await registered(ada, path)
    push = ada.post(f"/sync{path}/repos/linux/commits", batch(*numbered(3)))
    deletion = ada.delete(f"{path}/repos/linux" if what == "repository" else path)
    async with held_row(database, "linux"):
        tasks = []
        for request in (push, deletion) if first == "push" else (deletion, push):
            tasks.append(asyncio.create_task(request))
            await waiting(database, len(tasks))
    answers = await asyncio.gather(*tasks)
    pushed, deleted = answers if first == "push" else reversed(answers)
    assert (pushed.status, deleted.status) == (201 if first == "push" else 404, 200)
    assert deleted.json["commits"] == (3 if first == "push" else 0)
    assert await rows_of(database, repo["id"]) == NOTHING


async def test_pushes_at_full_speed_leave_nothing_behind(people: People, database: Database) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    for round_ in range(5):
        repo = await registered(ada, path, f"repo{round_}")
        pushes = [asyncio.create_task(_push_until_gone(ada, f"{path}/repos/repo{round_}", n)) for n in range(3)]
        await _until_some(ada, f"{path}/repos/repo{round_}")
        assert (await ada.delete(f"{path}/repos/repo{round_}")).json["commits"] > 0
        assert await asyncio.gather(*pushes) == [404, 404, 404]
        assert await rows_of(database, repo["id"]) == NOTHING


async def _push_until_gone(person: Person, path: str, pusher: int) -> int:
    status, start = 201, 0
    while status == 201:
        status = (await person.post(f"/sync{path}/commits", batch(*numbered(20, pusher * 1_000_000 + start)))).status
        start += 20
    return status


async def _until_some(person: Person, path: str) -> None:
    async with asyncio.timeout(20):
        while (await person.get(path)).json["total_commits"] == 0:
            pass


async def test_a_repository_registered_while_its_project_goes_is_not_found(people: People, database: Database) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    await registered(ada, path)
    async with held_row(database, "linux"):
        deletion = asyncio.create_task(ada.delete(path))
        await waiting(database, 1)
        registration = asyncio.create_task(ada.post(f"{path}/repos", {"name": "late"}))
        await waiting(database, 2)
    assert ((await deletion).status, (await registration).status) == (200, 404)
