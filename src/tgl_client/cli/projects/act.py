"""What `tgl projects` does: it asks the server what the key sees."""

from msgspec import Struct

from tgl_client.cli.connect import reading_client
from tgl_client.cli.running import run_command
from tgl_client.exit_codes import ExitCode
from tgl_client.settings.flags import Flags
from tgl_client.settings.load import load
from tgl_client.settings.settings import Settings
from tgl_client.terminal.output import note, print_json
from tgl_client.terminal.words import counted, table
from tgl_protocol.projects import ProjectInfo


class ProjectsDocument(Struct, frozen=True):
    """The JSON of `tgl projects`; fields are added, never renamed."""

    projects: list[ProjectInfo]


def show_projects(flags: Flags, *, as_json: bool) -> ExitCode:
    """Print a line for each project."""
    settings = load(flags, needs_repository=False)
    found = run_command(_ask(settings))
    if as_json:
        print_json(ProjectsDocument(found))
        return ExitCode.DONE
    for line in table([_row(each) for each in found]):
        print(line)
    if not found:
        note("this key sees no project")
        note(f"hint: create one at {settings.server()}/projects/new, or ask the owner of one to add you")
    return ExitCode.DONE


async def _ask(settings: Settings) -> list[ProjectInfo]:
    async with reading_client(settings) as client:
        return await client.projects()


def _row(project: ProjectInfo) -> list[str]:
    repos = counted(project.repo_count, "repository", "repositories")
    return [project.slug, project.role or "-", repos, counted(project.total_commits, "commit"), project.name]
