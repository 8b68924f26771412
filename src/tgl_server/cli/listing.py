"""`tgl-server projects list` and `repos list`."""

from typing import Annotated

import typer

from tgl_protocol.projects import ProjectInfo, RepoInfo, SyncMethod
from tgl_server.access.ids import ProjectId
from tgl_server.auth.argon2 import Argon2
from tgl_server.cli import projects, repos
from tgl_server.cli.context import process_settings, run_with_database, with_database
from tgl_server.cli.pages import OPERATOR, PAGE, AsJson, all_pages, say_json, say_rows
from tgl_server.cli.projects import find_project
from tgl_server.db.engine import Database
from tgl_server.projects import reading


@projects.app.command("list")
def list_projects(as_json: AsJson = False) -> None:
    """List all projects, by slug."""

    async def act(database: Database, _: Argon2) -> list[ProjectInfo]:
        async with database.statements() as reader:
            return await all_pages(lambda cursor: reading.list_projects(reader, OPERATOR, limit=PAGE, cursor=cursor))

    found = run_with_database(act)
    if as_json:
        say_json(projects=found)
        return
    say_rows(
        [
            (each.slug, f"repositories {each.repo_count}", f"commits {each.total_commits}", f"of {each.owner_name}")
            for each in found
        ]
    )


@repos.app.command("list")
def list_repos(
    project: Annotated[str, typer.Argument(help="The slug of the project.")], as_json: AsJson = False
) -> None:
    """List a project's repositories with how their pushes stand, by name."""
    with with_database(process_settings()) as settings:

        async def act(database: Database, _: Argon2) -> list[RepoInfo]:
            async with database.transaction() as tx:
                id_ = ProjectId((await find_project(tx, project)).id)
                return await all_pages(
                    lambda cursor: reading.list_repos(
                        tx, OPERATOR, id_, limit=PAGE, cursor=cursor, run_timeout=settings.run_timeout
                    )
                )

        found = run_with_database(act, settings)
    if as_json:
        say_json(repos=found)
        return
    say_rows([_repo_row(each) for each in found])


def _repo_row(repo: RepoInfo) -> tuple[str, ...]:
    none = "no pull yet" if repo.sync_method is SyncMethod.PULL_CELERY else "no push yet"
    seen = f"last success {repo.last_success_at:%Y-%m-%d}" if repo.last_success_at else none
    stale = "stale" if repo.stale else ""
    return repo.name, repo.status, f"commits {repo.total_commits}", seen, repo.sync_method, stale
