"""Moving a repository between the two methods on its pages: what would change first, and both ways."""

import pytest

from tests.server.web.conftest import PULL_URL
from tests.support.database import audited, scalar
from tests.support.people import Person, make_project, make_repo
from tests.support.shown import text_of
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database

LINUX = "/projects/team/repos/linux"
TOKEN = {"kind": "https_token", "username": "reader", "secret": "glpat-to-be-deleted"}
METHOD = "SELECT sync_method FROM repos"


async def test_a_look_at_the_plan_changes_nothing(keeper: Visitor, database: Database) -> None:
    await keeper.post(f"{LINUX}/pull/now")
    assert f"{LINUX}/migrate-to-push".encode() in (await keeper.get(f"{LINUX}/settings")).body
    page = text_of(await keeper.get(f"{LINUX}/migrate-to-push"))
    for part in (
        "1 run that is under way is cancelled",
        "No credentials are stored",
        "tgl-server repos compare team/linux",
    ):
        assert part in page
    assert await scalar(database, METHOD) == "pull_celery"
    assert await scalar(database, "SELECT state FROM sync_runs") == "queued"


@pytest.mark.parametrize(("choice", "kept"), [("delete", 0), ("keep", 1)])
async def test_a_repository_moves_to_push_and_back_with_or_without_its_credentials(
    keeper: Visitor, database: Database, choice: str, kept: int
) -> None:
    await keeper.post(f"{LINUX}/credentials", TOKEN)
    assert "Delete them" in text_of(await keeper.get(f"{LINUX}/migrate-to-push"))
    moved = await keeper.post(f"{LINUX}/migrate-to-push", {"credentials": choice})
    assert (moved.status, moved.headers["Location"]) == (303, LINUX)
    assert await scalar(database, METHOD) == "push_client"
    assert await scalar(database, "SELECT count(*) FROM repo_credentials") == kept
    assert "Clients push to it already" in text_of(await keeper.get(f"{LINUX}/migrate-to-push"))
    plan = text_of(await keeper.get(f"{LINUX}/rollback-to-pull"))
    assert ("No credentials are stored" in plan) is (kept == 0)
    back = await keeper.post(f"{LINUX}/rollback-to-pull")
    assert (back.headers["Location"], await scalar(database, METHOD)) == (f"{LINUX}/pull", "pull_celery")
    for action in ("repo:migrated_to_push", "repo:rolled_back_to_pull"):
        (entry,) = await audited(database, action)
        assert entry.outcome == "success"


async def test_what_is_missing_for_a_pull_is_said_before(ada_visitor: Visitor, ada: Person, database: Database) -> None:
    await make_repo(ada, await make_project(ada))
    page = text_of(await ada_visitor.get(f"{LINUX}/rollback-to-pull"))
    assert "It has no git_url" in page
    assert "It has no schedule" in page
    assert await scalar(database, METHOD) == "push_client"
    assert PULL_URL not in page
