"""`tgl-server repos migrate-to-push`, `rollback-to-pull`, `migration-status` and `compare`."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Run
from tests.support.database import execute, rows
from tests.support.migration import dump, store_token
from tests.support.pulls import pull
from tests.support.world import World, add_project
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.settings import Settings


class Shell:
    """Runs commands against the test's database, which the test asks about on its own loop in between."""

    def __init__(self, run: Run, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
        self._run, self._environment, self._capsys = run, environment_of(settings), capsys

    async def __call__(self, *arguments: str) -> tuple[int, str]:
        """Run `tgl-server repos ...`: its status, and all that it said; what the test logged before is none of that."""
        self._capsys.readouterr()
        return await asyncio.to_thread(self._run, "repos", *arguments, **self._environment)

    async def json(self, *arguments: str, status: int = 0) -> Any:
        found, said = await self(*arguments, "--json")
        assert found == status, said
        return json.loads(said)


def environment_of(settings: Settings) -> dict[str, str]:
    return {"DATABASE_URL": settings.database_url, "MIRROR_DIR": settings.mirror_dir}


@pytest.fixture
async def shell(
    run: Run, settings: Settings, database: Database, world: World, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """With three repositories that the server pulls: demo/first, other/first and other/second."""
    await add_project(database, world, "other", "first", "second")
    await execute(database, "UPDATE repos SET sync_method = 'pull_celery', git_url = 'https://git.example.com/a.git'")
    return Shell(run, settings, capsys)


async def methods(database: Database) -> dict[str, str]:
    found = await rows(
        database,
        "SELECT p.slug || '/' || r.name AS path, sync_method FROM repos r JOIN projects p ON p.id = project_id",
    )
    return {row.path: row.sync_method.partition("_")[0] for row in found}


async def test_one_by_name_a_project_and_all(shell: Shell, database: Database) -> None:
    status, said = await shell("migrate-to-push", "other/first", "--yes")
    assert (status, said.splitlines()[0]) == (0, "1/1  other/first  pull_celery -> push_client")
    assert await methods(database) == {"demo/first": "pull", "other/first": "push", "other/second": "pull"}
    done = await shell.json("migrate-to-push", "--project", "other", "--yes")
    assert (done["moved"], done["unchanged"], done["failed"]) == (1, 1, 0)
    done = await shell.json("rollback-to-pull", "--all", "--yes")
    assert (done["moved"], done["unchanged"]) == (2, 1)
    assert set((await methods(database)).values()) == {"pull"}


async def test_an_id_and_a_name_within_its_project_name_a_repository(
    shell: Shell, database: Database, world: World
) -> None:
    await shell("migrate-to-push", str(world.repo_id).upper(), "second", "--yes")
    assert await methods(database) == {"demo/first": "push", "other/first": "pull", "other/second": "push"}
    await shell("migrate-to-push", "--project", "other", "first", "--yes")
    assert (await methods(database))["other/first"] == "push"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("first", "--yes"), "several repositories are called first: demo/first, other/first; write the project too"),
        (("nowhere", "--yes"), "there is no repository nowhere"),
        (("--project", "demo", "second", "--yes"), "the project demo has no repository second"),
        (("--project", "nowhere", "--yes"), "there is no project nowhere"),
        ((), "say which repositories"),
        (("--all", "first"), "--all takes every repository"),
        (("--all",), "this moves 3 repositories to push_client; add --yes to do it, or --dry-run first"),
    ],
)
async def test_what_cannot_be_meant_moves_nothing(
    shell: Shell, database: Database, arguments: tuple[str, ...], reason: str
) -> None:
    before = await dump(database)
    status, said = await shell("migrate-to-push", *arguments)
    assert (status, reason in said) == (1, True), said
    assert await dump(database) == before


async def test_a_dry_run_changes_no_byte(shell: Shell, database: Database, settings: Settings, world: World) -> None:
    await store_token(database, settings, world.repo_id)
    before = await dump(database)
    done = await shell.json("migrate-to-push", "--all", "--dry-run")
    assert (done["dry_run"], done["moved"], done["repos"][0]["switch"]["credentials"]) == (True, 3, "deleted")
    status, said = await shell("migrate-to-push", "--all", "--dry-run")
    assert (status, "3 would move" in said) == (0, True)
    assert await dump(database) == before


async def test_those_that_synced_lately_are_left_out(shell: Shell, database: Database) -> None:
    active = "UPDATE repo_states SET last_success_at = now() - interval '8 days' WHERE repo_id = :id"
    ids = {
        row.path: row.id
        for row in await rows(
            database, "SELECT p.slug || '/' || r.name AS path, r.id FROM repos r JOIN projects p ON p.id = project_id"
        )
    }
    await execute(database, "UPDATE repo_states SET last_success_at = now()")
    await execute(database, active, id=ids["other/second"])
    status, said = await shell("migrate-to-push", "--all", "--exclude-active", "--inactive-days", "9", "--yes")
    assert (status, "3 left out, as they have synced lately" in said) == (0, True)
    await shell("migrate-to-push", "--all", "--exclude-active", "--yes")
    assert await methods(database) == {"demo/first": "pull", "other/first": "pull", "other/second": "push"}


async def test_rolling_back_warns_of_credentials_that_are_gone(
    shell: Shell, database: Database, settings: Settings, world: World
) -> None:
    await store_token(database, settings, world.repo_id)
    status, said = await shell("migrate-to-push", "demo/first", "--yes")
    assert "demo/first  pull_celery -> push_client, credentials deleted" in said
    status, said = await shell("rollback-to-pull", "demo/first", "--yes")
    assert (status, "warning: demo/first: no credentials are stored: they are deleted when" in said) == (0, True)


async def test_one_that_is_not_whole_is_not_moved_and_the_others_are(
    shell: Shell, database: Database, settings: Settings, repo: RepoId
) -> None:
    await pull(database, settings, repo)
    done = await shell.json("migrate-to-push", "--all", "--require-compare", "--yes", status=1)
    assert (done["moved"], done["failed"]) == (1, 2)
    first, *others = done["repos"]
    assert (first["comparison"]["is_equal"], first["error"]) == (True, None)
    assert all(each["error"].startswith("there is no mirror of it on this machine") for each in others)
    await shell("rollback-to-pull", "demo/first", "--yes")
    await execute(database, "UPDATE commits SET additions = additions + 1")
    status, said = await shell("migrate-to-push", "demo/first", "--require-compare", "--yes")
    assert (status, "the comparison found 0 commits that are missing here and 3 that differ" in said) == (1, True)
    assert (await methods(database))["demo/first"] == "pull"


async def test_a_comparison_is_one_line_where_both_sides_are_equal(
    shell: Shell, database: Database, settings: Settings, repo: RepoId, source: Path
) -> None:
    await pull(database, settings, repo)
    status, said = await shell("compare", "demo/first")
    assert (status, said.count("\n"), said.startswith("demo/first: equal, 3 commits, fingerprint ")) == (0, 1, True)
    assert (await shell("compare", "demo/first", "--with", str(source)))[1] == said
    await execute(database, "UPDATE commits SET additions = additions + 1")
    status, said = await shell("compare", "demo/first", "--with", str(source), "--sample", "1")
    assert (status, "  additions differs in 1 commits" in said) == (1, True), said
    (found,) = (await shell.json("compare", "demo/first", status=1))["repos"]
    assert (found["comparison"]["different"], found["comparison"]["columns"]) == (3, {"additions": 3})
    status, said = await shell("compare", "--all", "--with", str(source))
    assert (status, "--with is the clone of one repository, and 3 are chosen" in said) == (1, True)


async def test_the_status_counts_each_project_and_all(shell: Shell) -> None:
    await shell("migrate-to-push", "--project", "other", "--yes")
    found = await shell.json("migration-status")
    assert [(each["project"], each["pull_celery"], each["push_client"]) for each in found["projects"]] == [
        ("demo", 1, 0),
        ("other", 0, 2),
    ]
    assert (found["total"]["total"], found["total"]["percent_pushed"]) == (3, 66.7)
    status, said = await shell("migration-status", "--project", "other")
    assert (status, said.splitlines()[-1].split("  ")[0]) == (0, "in all")
