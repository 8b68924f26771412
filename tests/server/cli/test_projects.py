"""`tgl-server projects` and `tgl-server repos`."""

import asyncio

import pytest

from tests.support.command import Run
from tests.support.database import rows
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

OWNER = "boss@example.com"


@pytest.fixture
def prepared(run: Run, database_url: str) -> Run:
    """With an account."""
    assert run("users", "create", OWNER, DATABASE_URL=database_url)[0] == 0
    return run


def test_a_project_and_a_repository_are_made_and_audited(prepared: Run, database_url: str) -> None:
    status, said = prepared("projects", "create", "web", "--owner", OWNER)
    assert (status, said.startswith("Created project web (")) == (0, True)
    status, said = prepared("repos", "create", "web", "shop")
    assert (status, said.startswith("Created repository shop (")) == (0, True)
    assert asyncio.run(_audited(database_url)) == [
        ("project:created", "web", None),
        ("repo:created", "shop", None),
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("projects", "create", "web", "--owner", "no@body.example"), "there is no account no@body.example"),
        (("projects", "create", "Web Shop", "--owner", OWNER), "slug: Expected lower-case letters"),
        (("projects", "create", "w" * 300, "--owner", OWNER), "length"),
        (("projects", "create", "taken", "--owner", OWNER), "there is a project taken already"),
        (("repos", "create", "nowhere", "shop"), "there is no project nowhere"),
        (("repos", "create", "\udcff", "shop"), "there is no project"),
        (("repos", "create", "taken", "a/b"), "name: A slash"),
        (("repos", "create", "taken", "shop"), "has a repository shop already"),
    ],
)
def test_what_cannot_be_made_says_why(prepared: Run, arguments: tuple[str, ...], reason: str) -> None:
    prepared("projects", "create", "taken", "--owner", OWNER)
    prepared("repos", "create", "taken", "shop")
    status, said = prepared(*arguments)
    assert status == 1
    assert reason in said


async def _audited(database_url: str) -> list[tuple[str, str, None]]:
    """Action, name and the user who acted: nobody, on the command line."""
    database = Database(Settings(database_url=database_url))
    found = await rows(
        database,
        "SELECT action, details->>'name', actor_user_id FROM audit_logs "
        "WHERE resource_type IN ('project', 'repo') ORDER BY id",
    )
    await database.close()
    return [(action, name, actor) for action, name, actor in found]
