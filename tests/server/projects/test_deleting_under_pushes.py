"""A repository is deleted while clients push to it: whoever comes first, no commit stays behind.

The test holds the repository's state until both the push and the deletion wait for it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.commits import batch, numbered
from tests.support.database import rows_of_repo, until_locks_wait, until_query
from tests.support.people import People, Person, make_project, make_repo
from tgl_server.db.engine import Database


@asynccontextmanager
async def held_state(database: Database, name: str) -> AsyncIterator[None]:
    async with database.transaction() as tx:
        state = "SELECT FROM repo_states s JOIN repos r ON r.id = s.repo_id WHERE r.name = :name FOR UPDATE OF s"
        await tx.execute(text(state), {"name": name})
        yield


@pytest.mark.parametrize("first", ["push", "deletion"])
@pytest.mark.parametrize("what", ["repository", "project"])
async def test_no_commit_outlives_its_repository(people: People, database: Database, first: str, what: str) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    repo = await make_repo(ada, path)
    push = ada.post(f"/sync{path}/repos/linux/commits", batch(*numbered(3)))
    deletion = ada.delete(f"{path}/repos/linux" if what == "repository" else path)
    async with held_state(database, "linux"):
        tasks = []
        for request in (push, deletion) if first == "push" else (deletion, push):
            tasks.append(asyncio.create_task(request))
            await until_locks_wait(database, len(tasks))
    answers = await asyncio.gather(*tasks)
    pushed, deleted = answers if first == "push" else reversed(answers)
    assert (pushed.status, deleted.status) == (201 if first == "push" else 404, 200)
    assert deleted.json["commits"] == (3 if first == "push" else 0)
    assert set((await rows_of_repo(database, repo["id"])).values()) == {0}


async def test_pushes_at_full_speed_leave_nothing_behind(people: People, database: Database) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    for round_ in range(5):
        repo = await make_repo(ada, path, f"repo{round_}")
        pushes = [asyncio.create_task(_push_until_gone(ada, f"{path}/repos/repo{round_}", n)) for n in range(3)]
        await until_query(
            database, "SELECT total_commits > 0 FROM repo_states WHERE repo_id = :id", id=UUID(repo["id"])
        )
        assert (await ada.delete(f"{path}/repos/repo{round_}")).json["commits"] > 0
        assert await asyncio.gather(*pushes) == [404, 404, 404]
        assert set((await rows_of_repo(database, repo["id"])).values()) == {0}


async def _push_until_gone(person: Person, path: str, pusher: int) -> int:
    status, start = 201, 0
    while status == 201:
        status = (await person.post(f"/sync{path}/commits", batch(*numbered(20, pusher * 1_000_000 + start)))).status
        start += 20
    return status


async def test_a_repository_registered_while_its_project_goes_is_not_found(people: People, database: Database) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    await make_repo(ada, path)
    async with held_state(database, "linux"):
        deletion = asyncio.create_task(ada.delete(path))
        await until_locks_wait(database, 1)
        registration = asyncio.create_task(ada.post(f"{path}/repos", {"name": "late"}))
        await until_locks_wait(database, 2)
    assert ((await deletion).status, (await registration).status) == (200, 404)
