"""The pages of a repository that the server pulls: making it, where its pulls stand, the buttons and the schedule."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.database import audited, execute, rows, scalar
from tests.support.pages import counted_pages
from tests.support.people import Person, make_project, make_repo
from tests.support.shown import text_of
from tests.support.visitor import Visitor
from tgl_server.db.engine import Database

NEW = "/projects/team/repos/new"
LINUX = "/projects/team/repos/linux"
URL = "https://git.example.com/linux.git"
PULLED = {"name": "linux", "sync_method": "pull_celery", "git_url": URL, "schedule": "7 3 * * *", "timezone": "UTC"}


@pytest.fixture
async def pulled(ada: Person) -> str:
    """The path of the pages of a repository that the server pulls."""
    await make_repo(ada, await make_project(ada), git_url=URL, sync_method="pull_celery")
    return LINUX


async def shown(visitor: Visitor, path: str = f"{LINUX}/pull") -> str:
    """What a page says."""
    answer = await visitor.get(path)
    assert answer.status == 200, answer.body
    return text_of(answer)


async def test_a_repository_to_be_pulled_is_made_with_its_schedule_and_told_what_is_left(
    ada_visitor: Visitor, ada: Person, database: Database
) -> None:
    await make_project(ada)
    fields = {**PULLED, "schedule": "own", "cron": "30 2 * * 1-5", "timezone": "Europe/Paris"}
    made = await ada_visitor.post(NEW, fields)
    assert (made.status, made.headers["Location"]) == (303, f"{LINUX}/pull")
    page = await shown(ada_visitor)
    for part in ("Until the first pull", "At 02:30 on Monday through Friday", "by the clock of Europe/Paris", URL):
        assert part in page
    assert "Never pulled" in page
    assert [tuple(row) for row in await rows(database, "SELECT cron, timezone FROM repo_pulls")] == [
        ("30 2 * * 1-5", "Europe/Paris")
    ]


FAULTS: list[tuple[Mapping[str, str], set[str]]] = [
    ({"git_url": "", "schedule": "own", "cron": "61 2 * * *"}, {"git_url", "cron"}),
    ({"git_url": "git://git.example.com/a.git"}, {"git_url"}),
    ({"git_url": "http://git.example.com/a.git"}, {"git_url"}),
    ({"schedule": "own", "cron": ""}, {"cron"}),
    ({"schedule": "0 0 31 2 *"}, {"schedule"}),
    ({"timezone": "Mars/Base"}, {"timezone"}),
    ({"timezone": ""}, {"timezone"}),
    ({"sync_method": "carrier pigeon"}, {"sync_method"}),
]


@pytest.mark.parametrize(("fields", "faulty"), FAULTS)
async def test_what_a_pull_cannot_use_is_said_at_its_field_and_nothing_typed_is_lost(
    ada_visitor: Visitor, ada: Person, database: Database, fields: dict[str, str], faulty: set[str]
) -> None:
    await make_project(ada)
    answer = await ada_visitor.post(NEW, {**PULLED, **fields})
    assert answer.status in (409, 422)
    page = answer.body.decode()
    found = {name for name in (*PULLED, "cron") if f'id="{name}-fault"' in page}
    assert found == faulty
    assert 'value="linux"' in page
    assert await scalar(database, "SELECT count(*) FROM repos") == 0


async def test_a_pull_is_asked_for_followed_and_cancelled(
    ada_visitor: Visitor, pulled: str, database: Database
) -> None:
    asked = await ada_visitor.post(f"{pulled}/pull/now")
    run_id = await scalar(database, "SELECT id FROM sync_runs")
    assert (asked.status, asked.headers["Location"]) == (303, f"{pulled}/runs/{run_id}")
    assert "It waits for a worker." in await shown(ada_visitor, asked.headers["Location"])
    page = await shown(ada_visitor)
    assert "It waits, and no worker is running." in page
    assert "tgl-server worker" in page
    assert (await ada_visitor.post(f"{pulled}/pull/cancel")).status == 303
    assert "Nothing runs." in await shown(ada_visitor)
    for action in ("repo:pull_requested", "repo:pull_cancelled"):
        (entry,) = await audited(database, action)
        assert entry.outcome == "success"


async def test_the_queue_says_how_many_come_first_and_who_pulls(
    ada_visitor: Visitor, ada: Person, pulled: str, database: Database
) -> None:
    await make_repo(ada, "/projects/team", "minix", git_url=URL, sync_method="pull_celery")
    await ada_visitor.post("/projects/team/repos/minix/pull/now")
    await ada_visitor.post(f"{pulled}/pull/now")
    await execute(
        database,
        "INSERT INTO pull_workers (id, host, pid, version, children) VALUES (gen_random_uuid(), 'here', 1, '0', 3)",
    )
    page = await shown(ada_visitor)
    for part in ("after 1 other repository", "2 waiting, 0 running", "1 worker, 3 pulls at a time"):
        assert part in page


async def test_a_person_pauses_and_resumes(ada_visitor: Visitor, pulled: str) -> None:
    await ada_visitor.post(f"{pulled}/pull/schedule", {"schedule": "*/15 * * * *", "timezone": "UTC"})
    assert "Every 15th minute of every hour" in await shown(ada_visitor)
    assert (await ada_visitor.post(f"{pulled}/pull/pause")).status == 303
    page = await shown(ada_visitor)
    assert "Paused by Ada" in page
    assert "Resume and pull now" in page
    assert (await ada_visitor.post(f"{pulled}/pull/resume")).status == 303
    assert "Paused by" not in await shown(ada_visitor)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [("credentials", "credentials"), ("host_key_changed", "credentials/host-keys"), ("not_found", "settings")],
)
async def test_a_pause_of_the_server_says_why_and_leads_to_the_remedy(
    ada_visitor: Visitor, pulled: str, database: Database, code: str, remedy: str
) -> None:
    await execute(
        database,
        """
        INSERT INTO repo_pulls (repo_id, paused_at, paused_reason, paused_url, failure_code)
        SELECT id, now(), 'It did not work; do better.', git_url, :code FROM repos
        """,
        code=code,
    )
    answer = (await ada_visitor.get(f"{pulled}/pull")).body.decode()
    assert "It did not work; do better." in answer
    assert f'<a class="button slim" href="{pulled}/{remedy}">' in answer


async def test_a_schedule_that_there_is_fills_the_form_in(ada_visitor: Visitor, pulled: str) -> None:
    fields: dict[str, Any] = {"schedule": "own", "cron": "5 4 * * *", "timezone": "Asia/Tokyo"}
    assert (await ada_visitor.post(f"{pulled}/pull/schedule", fields)).status == 303
    page = (await ada_visitor.get(f"{pulled}/pull/schedule")).body.decode()
    assert 'value="own" checked' in page
    assert 'value="5 4 * * *"' in page
    assert 'value="Asia/Tokyo"' in page
    assert (await ada_visitor.post(f"{pulled}/pull/schedule", {**fields, "schedule": "asked"})).status == 303
    assert 'value="asked" checked' in (await ada_visitor.get(f"{pulled}/pull/schedule")).body.decode()
    wrong = await ada_visitor.post(f"{pulled}/pull/schedule", {**fields, "cron": "* * * *"})
    assert (wrong.status, b'id="cron-fault"' in wrong.body, b'value="* * * *"' in wrong.body) == (422, True, True)


async def test_no_button_pulls_what_clients_push_to(ada_visitor: Visitor, ada: Person) -> None:
    await make_repo(ada, await make_project(ada))
    assert "Clients push to this repository" in await shown(ada_visitor)
    for act in ("now", "cancel", "pause", "resume"):
        answer = await ada_visitor.post(f"{LINUX}/pull/{act}")
        assert (answer.status, "the server does not pull it" in text_of(answer)) == (400, True)


async def test_a_repository_without_an_address_says_so_on_the_page(ada_visitor: Visitor, ada: Person) -> None:
    await make_repo(ada, await make_project(ada), sync_method="pull_celery")
    assert "Set the address" in await shown(ada_visitor)
    answer = await ada_visitor.post(f"{LINUX}/pull/now")
    assert (answer.status, "no address to pull from" in text_of(answer)) == (409, True)


async def test_the_pages_cost_as_much_for_many_repositories_as_for_one(
    ada: Person, pulled: str, database: Database, database_url: str
) -> None:
    await execute(database, "INSERT INTO repo_pulls (repo_id, cron) SELECT id, '0 * * * *' FROM repos")
    paths = [f"{pulled}/pull", f"{pulled}/pull/schedule", f"{pulled}/credentials", f"{pulled}/credentials/host-keys"]
    async with counted_pages(database_url) as pages:
        await pages.sign_in(ada.email)
        one = [await pages.statements(path) for path in paths]
        for number in range(5):
            await make_repo(ada, "/projects/team", f"copy-{number}", git_url=URL, sync_method="pull_celery")
        await execute(
            database,
            """
            INSERT INTO sync_runs (repo_id, id, state, source)
            SELECT id, gen_random_uuid(), 'done', 'pull' FROM repos, generate_series(1, 20)
            """,
        )
        assert [await pages.statements(path) for path in paths] == one
        assert max(one) <= 6
