"""Who may do what in the console: every page against everybody who may ask for it."""

from uuid import uuid4

import pytest

from tests.server.web.page_access import OTHERS, PENDING, PEOPLE, ROWS, STRANGER
from tests.support.database import execute
from tests.support.people import People, Person, make_key, make_project, make_repo
from tests.support.servers import RunningServer
from tests.support.visitor import Visitor
from tgl_server.accounts.models import Role
from tgl_server.app import create_app
from tgl_server.db.engine import Database
from tgl_server.http.declarations import Page, declared
from tgl_server.settings import Settings

RUN_ID, HOOK_ID, ENDPOINT_ID = uuid4(), uuid4(), uuid4()
LEAGUE = {"league": "none", "number": 1, "week": 1, "player": uuid4(), "day": "2026-01-06", "version": 1}

#: What visitors have changed with what they may change.
RESTORE = (
    """
    INSERT INTO project_members (project_id, user_id, role) SELECT p.id, u.id, split_part(u.email, '@', 1)
    FROM projects p, users u WHERE u.email IN ('member@example.com', 'maintainer@example.com') ON CONFLICT DO NOTHING
    """,
    "UPDATE users SET state = 'active' WHERE email = 'bystander@example.com'",
    "UPDATE api_keys SET is_active = true, revoked_at = NULL",
    "UPDATE repos SET sync_method = 'push_client'",
    f"""
    INSERT INTO webhooks (id, repo_id, kind, sealed) SELECT '{HOOK_ID}', id, 'github', 'f1:x' FROM repos
    ON CONFLICT DO NOTHING
    """,
    f"""
    INSERT INTO endpoints (id, project_id, url, sealed)
    SELECT '{ENDPOINT_ID}', id, 'https://hooks.example.com/', 'f1:x' FROM projects
    ON CONFLICT (id) DO UPDATE SET is_active = true
    """,
)
MAKE_RUN = "INSERT INTO sync_runs (repo_id, id, state) SELECT id, :run_id, 'done' FROM repos"
ROLES = {"spectator": Role.SPECTATOR, "commissioner": Role.COMMISSIONER}
#: Static files, which are for everybody.
UNGUARDED = {"GET /assets/{file}"}


def test_every_page_of_the_console_has_its_row() -> None:
    app = create_app(Settings(database_url="postgresql://nowhere/none"))
    pages = {
        f"{method} {route.path_format}"
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        for method in handler.http_methods
        if declared(handler, Page) is not None and method in STRANGER
    }
    assert pages - UNGUARDED == ROWS.keys()


class Cast:
    """Everybody by their column, around the owner's project `team` with its repository, and what rows name."""

    def __init__(self, people: dict[str, Person], key_id: str) -> None:
        self.people, self._key_id = people, key_id

    async def ask(self, visitor: Visitor, row: str) -> int:
        """The status of a row's page."""
        person = self.people["bystander" if "/administration/" in row else "member"]
        names = {
            "project": "team",
            "repo": "linux",
            "run_id": RUN_ID,
            "hook_id": HOOK_ID,
            "endpoint_id": ENDPOINT_ID,
            "delivery_id": uuid4(),
            "event_id": 1,
            "user_id": person.id,
            "key_id": self._key_id,
            **LEAGUE,
        }
        method, path = row.format(
            session_id=uuid4(), claim_id=uuid4(), dismissal_id=uuid4(), token="invented", **names
        ).split()
        return await visitor.status(method, path)


@pytest.fixture
async def cast(people: People, database: Database) -> Cast:
    """Everybody, with the owner's key."""
    names = (*PEOPLE, "pending", "bystander")
    made = {name: await people.make(name, ROLES.get(name, Role.PLAYER)) for name in names}
    await make_repo(made["owner"], await make_project(made["owner"]))
    await execute(database, *RESTORE)
    await execute(database, MAKE_RUN, run_id=RUN_ID)
    key = await make_key(made["owner"])
    return Cast(made, key["id"])


@pytest.mark.parametrize("name", PEOPLE)
async def test_each_person_gets_what_is_theirs(
    name: str, cast: Cast, server: RunningServer, database: Database
) -> None:
    found = {}
    async with Visitor(server.url) as visitor:
        await visitor.sign_in(cast.people[name].email)
        for row in ROWS:
            found[row] = await cast.ask(visitor, row)
            await execute(database, *RESTORE)
    assert found == {row: statuses[PEOPLE.index(name)] for row, statuses in ROWS.items()}


async def test_strangers_sign_in_first_and_who_waits_sees_nothing(
    cast: Cast, server: RunningServer, people: People
) -> None:
    waiting = cast.people["pending"]
    await people.set_state(waiting, "pending")
    async with Visitor(server.url) as stranger, Visitor(server.url) as pending:
        await pending.sign_in(waiting.email)
        for row in ROWS:
            expected = OTHERS.get(row, (STRANGER[row.split()[0]], PENDING))
            assert (await cast.ask(stranger, row), await cast.ask(pending, row)) == expected, row
