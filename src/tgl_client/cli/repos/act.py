"""What `tgl repos` does: it asks the server what the key sees of one project, or of all."""

from datetime import UTC, datetime

from msgspec import Struct

from tgl_client.cli.connect import reading_client
from tgl_client.cli.running import run_command
from tgl_client.exit_codes import ExitCode
from tgl_client.settings.flags import Flags
from tgl_client.settings.load import load
from tgl_client.settings.settings import Settings
from tgl_client.terminal.output import note, print_json
from tgl_client.terminal.words import ago, counted, table
from tgl_protocol.projects import RepoInfo, SyncMethod


class ListedRepo(Struct, frozen=True):
    """A repository and the slug or id of its project."""

    project: str
    repo: RepoInfo


class ReposDocument(Struct, frozen=True):
    """The JSON of `tgl repos`; fields are added, never renamed."""

    repositories: list[ListedRepo]


def show_repos(flags: Flags, project: str | None, *, as_json: bool) -> ExitCode:
    """Print a line for each repository."""
    found = run_command(_ask(load(flags, needs_repository=False), project))
    if as_json:
        print_json(ReposDocument(found))
        return ExitCode.DONE
    now = datetime.now(UTC)
    for line in table([_row(each, now) for each in found]):
        print(line)
    if not found:
        note("this key sees no repository there")
        note("hint: `tgl init --register` adds the one that you are in, where you own or maintain the project")
    return ExitCode.DONE


async def _ask(settings: Settings, project: str | None) -> list[ListedRepo]:
    async with reading_client(settings) as client:
        projects = [project] if project else [each.slug for each in await client.projects()]
        return [ListedRepo(each, repo) for each in projects for repo in await client.repos(each)]


def _row(listed: ListedRepo, now: datetime) -> list[str]:
    repo = listed.repo
    how = "" if repo.sync_method is SyncMethod.PUSH_CLIENT else "takes no pushes"
    pushed = f"pushed {ago(repo.last_success_at, now)}" if repo.last_success_at else "never pushed to"
    return [f"{listed.project}/{repo.name}", repo.status, counted(repo.total_commits, "commit"), pushed, how]
