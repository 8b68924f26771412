"""The repositories of a command: paths of the command line, entries of the project file, or the current folder."""

from pathlib import Path

from msgspec import Struct, structs

from tgl_client.errors import ConfigError
from tgl_client.http.address import Target
from tgl_client.settings.flags import Flags
from tgl_client.settings.lookup import Lookup
from tgl_client.settings.project_file import ProjectFile, RepoEntry


class Source(Struct, frozen=True):
    """A repository to push: where it is, and where it goes as far as anybody said. `origin` is who named it."""

    path: Path | None
    project: str | None
    repo: str | None
    origin: str
    branches: tuple[str, ...] = ()
    remote: RepoEntry | None = None
    join_history: bool = False

    @property
    def mirrored(self) -> RepoEntry | None:
        """The remote to fetch from, where there is no clone at hand."""
        return None if self.path is not None and self.path.exists() else self.remote

    @property
    def name(self) -> str:
        """The path or the remote's address, for messages before the target is known."""
        return str(self.path) if self.path else str(self.remote and self.remote.git_url)

    def target(self, repo: str | None = None) -> Target:
        """Where it goes, `repo` standing in for a name that nobody gave; raises `ConfigError`."""
        if not self.project:
            raise ConfigError(
                f"which project does {self.repo or repo or self.name} belong to?",
                hint="`tgl projects` lists them; name it with --project, or once and for all with `tgl login`",
            )
        name = self.repo or repo
        if not name:
            raise ConfigError(f"what is {self.name} called on the server?", hint="name it with --repo or TGL_REPO")
        return Target(self.project, name)


def resolve_sources(
    flags: Flags, lookup: Lookup, file: ProjectFile | None, usual_project: str | None
) -> tuple[Source, ...]:
    """The paths given, else the project file's repositories, else the folder we are in."""
    named = (
        lookup.first(flags.project, "--project", "TGL_PROJECT"),
        lookup.first(flags.repo, "--repo", "TGL_REPO"),
    )
    project, repo = (each.value for each in named)
    places = ["command line" if flags.paths else "current folder", *(each.origin for each in named if each.value)]
    origin = ", ".join(dict.fromkeys(places))
    if not flags.paths and file is not None and file.is_list:
        listed = [_listed(file, entry, flags) for entry in file.repos]
        return tuple(each for each in listed if _wanted(each, project, repo))
    if repo and len(flags.paths) > 1:
        raise ConfigError("several repositories cannot all be called the same", hint="leave --repo out")
    return tuple(_given(path, file, flags, project, repo, usual_project, origin) for path in flags.paths or (Path(),))


def _listed(file: ProjectFile, entry: RepoEntry, flags: Flags) -> Source:
    return Source(
        path=entry.path,
        project=entry.project,
        repo=entry.repo_id,
        origin=f"{file.path}:{entry.line}",
        branches=flags.branches or entry.branches,
        remote=entry if entry.git_url else None,
        join_history=entry.join_history,
    )


def _wanted(source: Source, project: str | None, repo: str | None) -> bool:
    """True for the repositories of a project file that --project and --repo choose."""
    return (project is None or source.project == project) and (repo is None or source.repo == repo)


def _given(
    path: Path,
    file: ProjectFile | None,
    flags: Flags,
    project: str | None,
    repo: str | None,
    usual_project: str | None,
    origin: str,
) -> Source:
    """A path from the command line; what the project file says of the same folder fills the gaps."""
    for entry in file.repos if file else ():
        if file and entry.path and entry.path.resolve() == path.resolve():
            listed = _listed(file, entry, flags)
            return structs.replace(listed, path=path, project=project or listed.project, repo=repo or listed.repo)
    return Source(path, project or usual_project, repo, origin, flags.branches)
