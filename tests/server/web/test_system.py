"""The page of the server itself."""

import re
from collections.abc import Callable

from tests.support.database import execute
from tests.support.pages import counted_pages
from tests.support.people import Person, make_project, make_repo
from tests.support.servers import SECRET_KEY, RunningServer
from tests.support.shown import text_of
from tests.support.visitor import Visitor
from tgl_protocol import __version__
from tgl_server.db import migrate
from tgl_server.db.engine import Database

SYSTEM = "/administration/system"


async def test_it_shows_what_runs_and_no_secret(boss_visitor: Visitor) -> None:
    page = (await boss_visitor.get(SYSTEM)).body.decode()
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
    for part in (__version__, f"At version {migrate.newest_version()}, as this server needs", "Counted in memory"):
        assert part in said
    for follower in ("Roots", "Activity"):
        assert re.search(f"<b>{follower}</b>", page)
    assert "SECRET_KEY *** Environment" in said
    assert "ARGON2_TIME_COST 1 Environment" in said
    assert "MAX_BODY_BYTES 33554432 Default" in said
    assert SECRET_KEY not in page


async def test_it_costs_as_much_for_many_repositories_as_for_one(
    ada: Person, boss: Person, database: Database, database_url: str
) -> None:
    await make_repo(ada, await make_project(ada))
    async with counted_pages(database_url) as pages:
        await pages.sign_in(boss.email)
        one = await pages.statements(SYSTEM)
        await execute(
            database,
            """
            WITH made AS (
                INSERT INTO repos (id, project_id, name, sync_method)
                SELECT gen_random_uuid(), project_id, 'copy-' || n, sync_method FROM repos, generate_series(1, 50) n
                RETURNING id
            ) INSERT INTO repo_states (repo_id) SELECT id FROM made
            """,
        )
        assert await pages.statements(SYSTEM) == one <= 6


async def test_a_counter_that_does_not_answer_is_said_with_its_remedy(
    boss: Person, start_server: Callable[..., RunningServer]
) -> None:
    server = start_server(rate_limit_storage="redis://127.0.0.1:9/0")
    async with Visitor(server.url) as visitor:
        await visitor.sign_in(boss.email)
        page = (await visitor.get(SYSTEM)).body.decode()
    assert "<title>(" in page
    assert "redis does not answer, so requests pass uncounted" in page
    assert "correct RATE_LIMIT_STORAGE" in page


async def test_the_queue_and_the_workers_are_shown_and_a_missing_worker_is_said(
    boss_visitor: Visitor, ada: Person, database: Database
) -> None:
    url = "https://git.example.com/linux.git"
    await make_repo(ada, await make_project(ada), git_url=url, sync_method="pull_celery")
    assert "No worker is running, so nothing is pulled." in text_of(await boss_visitor.get(SYSTEM))
    await execute(
        database,
        """
        INSERT INTO pull_workers (id, host, pid, version, children, disk_free, seen_at)
        VALUES (gen_random_uuid(), 'here', 1, '0', 3, 5000000, now()),
               (gen_random_uuid(), 'gone', 2, '0', 4, NULL, now() - interval '2 minutes')
        """,
    )
    await execute(
        database, "INSERT INTO repo_pulls (repo_id, cron, next_due_at) SELECT id, '* * * * *', now() FROM repos"
    )
    page = text_of(await boss_visitor.get(SYSTEM))
    for part in ("Waiting 1", "here process 1, 0 Lives", "gone process 2, 0 Silent", "5.0 MB"):
        assert part in page
    assert "No worker is running" not in page
