"""Comparisons that people ask for in a browser, where no worker has the mirror; the journey of pulls has the rest."""

import pytest

from tests.support.database import audited, execute, scalar, until_query
from tests.support.world import World
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
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
    assert (found.result, found.is_running) == (None, False)
    assert "there is no mirror of it on this machine" in (found.error or "")
    await ask(database, world, repo)
    died = "UPDATE repo_comparisons SET attempts = 3, lease_until = now() - interval '1 s'"
    await execute(database, died)
    async with comparing(database, settings):
        await until_query(database, "SELECT error LIKE 'it was broken off three times%' FROM repo_comparisons")


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
