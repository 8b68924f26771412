"""Filters of lists leave what shows the asked value, also where the clock decides it, and totals count that."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.database import execute
from tests.support.people import People, Person, make_project, make_repo
from tests.support.world import World
from tgl_protocol.accounts import UserState
from tgl_protocol.api_keys import KeyState
from tgl_protocol.commits import RunState, SyncStatus
from tgl_protocol.projects import SyncMethod
from tgl_server.accounts.models import Role
from tgl_server.db.engine import Database

# A repository in each status, with a push that was abandoned and one that goes on, each once stale and once not.
REPOS = """
    INSERT INTO repos (id, project_id, name, sync_method, expected_cadence)
    SELECT gen_random_uuid(), :project_id, status || ' ' || attempt || ' ' || method || ' ' || success, method, cadence
    FROM unnest(ARRAY['pending', 'syncing', 'healthy', 'error']) status,
         unnest(ARRAY['1 min', '16 min']) attempt, unnest(ARRAY['never', '1 hour', '9 days']) success,
         (VALUES ('push_client', NULL), ('pull_celery', interval '1 day')) kinds (method, cadence)
"""
STATES = """
    INSERT INTO repo_states (repo_id, sync_status, last_attempt_at, last_success_at, learned_cadence)
    SELECT id, split_part(name, ' ', 1), now() - CAST(substring(name FROM '\\d+ min') AS interval),
           now() - CAST(substring(name FROM '(\\d+ \\w+)$') AS interval),
           CASE WHEN length(name) % 2 = 0 THEN interval '2 days' END
    FROM repos WHERE id NOT IN (SELECT repo_id FROM repo_states)
"""
RUNS = """
    INSERT INTO sync_runs (repo_id, id, state, started_at, last_batch_at)
    SELECT :repo_id, gen_random_uuid(), state, now() - n * interval '1 hour', now() - pause * interval '1 min'
    FROM unnest(ARRAY['queued', 'running', 'done', 'failed', 'interrupted', 'cancelled']) state,
         generate_series(1, 3) n, unnest(ARRAY[1, 16]) pause
"""
KEYS = """
    INSERT INTO api_keys (id, user_id, name, prefix, key_hash, scopes, is_active, expires_at, revoked_at)
    SELECT gen_random_uuid(), :user_id, 'k', 'tgl_' || n, '', '{}', n % 2 = 0,
           CASE n / 2 % 3 WHEN 1 THEN now() - interval '1 hour' WHEN 2 THEN now() + interval '1 hour' END,
           CASE WHEN n / 6 = 1 THEN now() END
    FROM generate_series(0, 11) n
"""


async def everything(person: Person, path: str, query: str = "") -> tuple[list[dict[str, Any]], Any]:
    """All pages of a list, and the total that each page tells."""
    found: list[dict[str, Any]] = []
    totals, cursor = set(), ""
    while True:
        answer = await person.get(f"{path}?limit=5&{query}{cursor}")
        assert answer.status == 200, answer.body
        found += answer.json["items"]
        totals.add(answer.json.get("total"))
        if answer.json["next_cursor"] is None:
            (total,) = totals
            return found, total
        cursor = f"&cursor={answer.json['next_cursor']}"


async def check(person: Person, path: str, name: str, values: Sequence[object], *, has_total: bool = True) -> None:
    """Each value of the filter leaves those that show it, and no value is without any."""
    all_of_them, _ = await everything(person, path)
    for value in values:
        found, total = await everything(person, path, f"{name}={str(value).lower()}")
        assert found == [item for item in all_of_them if item[name] == value]
        assert found
        assert total == (len(found) if has_total else None)


@pytest.fixture
async def repos(ada: Person, database: Database) -> str:
    """The path of a project's repositories, of every kind there is."""
    path = await make_project(ada)
    project_id = (await ada.get(path)).json["id"]
    await execute(database, REPOS, project_id=project_id)
    await execute(database, STATES)
    return f"{path}/repos"


@pytest.mark.parametrize(
    ("name", "values"), [("status", list(SyncStatus)), ("stale", [True, False]), ("sync_method", list(SyncMethod))]
)
async def test_repositories_are_found_by_what_they_show(
    ada: Person, repos: str, name: str, values: Sequence[object]
) -> None:
    await check(ada, repos, name, values)


async def test_filters_of_repositories_hold_together(ada: Person, repos: str) -> None:
    found, total = await everything(ada, repos, "status=error&stale=true&sync_method=pull_celery")
    assert {(item["status"], item["stale"], item["sync_method"]) for item in found} == {("error", True, "pull_celery")}
    assert total == len(found)


async def test_runs_are_found_by_the_state_they_show(ada: Person, database: Database) -> None:
    path = await make_project(ada)
    repo = await make_repo(ada, path)
    await execute(database, RUNS, repo_id=repo["id"])
    await check(ada, f"/sync{path}/repos/linux/runs", "state", list(RunState), has_total=False)


async def test_keys_are_found_by_the_state_they_show(ada: Person, database: Database) -> None:
    await execute(database, KEYS, user_id=ada.id)
    await check(ada, "/api-keys", "state", list(KeyState))


async def test_users_are_found_by_their_state(people: People, boss: Person) -> None:
    for state in UserState:
        await people.set_state(await people.make(state), state)
    await check(boss, "/users", "state", list(UserState))


async def test_totals_count_what_the_caller_sees(people: People, ada: Person, api: Api, world: World) -> None:
    paths = [await make_project(ada, slug) for slug in ("one", "two")]
    mia = await people.make("mia", Role.SPECTATOR)
    await ada.post(f"{paths[0]}/members", {"email": mia.email})
    repo = await make_repo(ada, paths[0])
    await make_repo(ada, paths[0], "windows")
    restricted = await people.with_key(ada, repo_ids=[repo["id"]])
    seen = {
        name: [(await person.get(path)).json["total"] for path in ("/projects", f"{paths[0]}/repos")]
        for name, person in (("ada", ada), ("mia", mia), ("restricted", restricted))
    }
    assert seen == {"ada": [2, 2], "mia": [1, 2], "restricted": [1, 1]}
    assert (await ada.get(f"{paths[0]}/members")).json["total"] == 1


@pytest.mark.parametrize("query", ["status=gone", "status=null", "stale=maybe", "stale=null", "sync_method=carrier"])
async def test_a_filter_that_is_none_is_refused(ada: Person, repos: str, query: str) -> None:
    refused = await ada.get(f"{repos}?{query}")
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, query.partition("=")[0])
