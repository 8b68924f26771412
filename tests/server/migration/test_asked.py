"""Comparisons that people ask for, by the API and where no worker has the mirror; the journey of pulls has the page."""

from pathlib import Path
from uuid import UUID

import pytest

from tests.support.database import audited, execute, scalar, until_query
from tests.support.forge import Forge
from tests.support.histories import add_commits
from tests.support.people import People, Person, make_project, make_repo
from tests.support.pulls import pull
from tests.support.waiting import until
from tests.support.world import World
from tgl_protocol.comparison import ComparisonState
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Scope
from tgl_server.db.engine import Database
from tgl_server.errors import Conflict
from tgl_server.migration.asking import ask_for_comparison, last_comparison
from tgl_server.migration.workers import comparing
from tgl_server.settings import Settings


async def ask(database: Database, world: World, repo: RepoId) -> None:
    async with database.transaction() as tx:
        await ask_for_comparison(tx, repo, Actor(world.user_id))


async def test_a_comparison_is_asked_for_once_and_says_why_there_is_none(
    database: Database, settings: Settings, world: World, repo: RepoId
) -> None:
    for _ in range(2):
        await ask(database, world, repo)
    assert await scalar(database, "SELECT count(*) FROM repo_comparisons WHERE attempts = 0") == 1
    assert len(await audited(database, "repo:comparison_requested")) == 2
    async with comparing(database, settings):
        await until_query(database, "SELECT finished_at IS NOT NULL FROM repo_comparisons")
    async with database.statements() as connection:
        found = await last_comparison(connection, repo)
    assert found is not None
    assert (found.result, found.state) == (None, ComparisonState.FAILED)
    assert "there is no mirror of it on this machine" in (found.error or "")
    await ask(database, world, repo)
    died = "UPDATE repo_comparisons SET attempts = 3, lease_until = now() - interval '1 s'"
    await execute(database, died)
    async with comparing(database, settings):
        await until_query(database, "SELECT error LIKE 'it was broken off three times%' FROM repo_comparisons")


async def test_a_comparison_is_asked_for_and_followed_over_http(
    ada: Person,
    people: People,
    database: Database,
    settings: Settings,
    forge: Forge,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TGL_MIRROR_DIR", settings.mirror_dir)
    path = await make_project(ada)
    made = await make_repo(ada, path, git_url="https://git.example.com/linux.git", sync_method="pull_celery")
    await execute(database, "UPDATE repos SET git_url = :url", url=forge.add(source))
    path, reader = f"{path}/repos/linux/comparison", await people.with_key(ada, scopes=[Scope.READ_REPOS])
    unasked = await ada.get(path)
    assert (unasked.status, "Nobody has asked" in unasked.json["detail"]) == (404, True)
    assert (await reader.post(path, None)).status == 403
    await pull(database, settings, RepoId(UUID(made["id"])))
    add_commits(source, 1)
    asked = await ada.post(path, None)
    assert (asked.status, asked.json["state"], asked.json["has_worker"], asked.json["result"]) == (
        202,
        "waiting",
        False,
        None,
    )
    async with comparing(database, settings):
        await until(lambda: _is_done(ada, asked.headers["Location"]))
    found = (await reader.get(path)).json
    assert (found["state"], found["error"], found["result"]["is_equal"]) == ("done", None, True)
    assert (found["result"]["here"], found["result"]["there"], found["finished_at"] is not None) == (3, 3, True)
    assert (await (await people.make("eve")).get(path)).status == 404
    (refused, entry) = sorted(await audited(database, "repo:comparison_requested"), key=lambda each: each.outcome)
    assert (refused.outcome, entry.outcome, entry.actor_user_id) == ("refused", "success", ada.id)


async def _is_done(person: Person, address: str) -> bool:
    return bool((await person.api.get(address)).json["finished_at"])


async def test_a_worker_that_stops_gives_a_comparison_back(
    database: Database, settings: Settings, world: World, repo: RepoId
) -> None:
    await ask(database, world, repo)
    async with comparing(database, settings):
        await until_query(database, "SELECT lease_until > now() FROM repo_comparisons")
    state = "SELECT finished_at IS NULL AND lease_until IS NULL AND attempts = 0 FROM repo_comparisons"
    assert await scalar(database, state)


async def test_where_clients_push_there_is_nothing_to_compare_with(database: Database, world: World) -> None:
    with pytest.raises(Conflict, match="has no copy of its remote"):
        await ask(database, world, RepoId(world.repo_id))
