"""Settings: flag before environment before project file before login file before default. Pure, except `load`.

Each value remembers where it came from; `tgl test --origin` shows it.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Generic, TypeVar

from msgspec import Struct

from tgl_client.address import ServerUrl, Target, parse_server_url
from tgl_client.delay import RetryPolicy
from tgl_client.errors import ConfigError
from tgl_client.login_file import Login, login_path, read_login
from tgl_client.project_file import ProjectFile, RepoEntry, find_project_file
from tgl_protocol import http

T = TypeVar("T")
N = TypeVar("N", int, float)

#: Every variable that the client reads, for `docs/reference`; TGL_HOME and TGL_DEBUG are read where they are used.
VARIABLES: Final = (
    "TGL_URL",
    "TGL_API_KEY",
    "TGL_PROJECT",
    "TGL_REPO",
    "TGL_CONFIG",
    "TGL_BATCH_SIZE",
    "TGL_MAX_RETRIES",
    "TGL_TIMEOUT",
    "TGL_JOBS",
    "TGL_ENGINE",
)

DEFAULT: Final = "default"


class Flags(Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    paths: tuple[Path, ...] = ()
    config: Path | None = None
    url: str | None = None
    project: str | None = None
    repo: str | None = None
    branches: tuple[str, ...] = ()
    batch_size: int | None = None
    max_retries: int | None = None
    timeout: float | None = None
    jobs: int | None = None
    engine: str | None = None


class Setting(Struct, Generic[T], frozen=True):
    """A value and where it came from."""

    value: T
    origin: str


class Source(Struct, frozen=True):
    """A repository to push: where it is, and where it goes. `target.repo` is empty until the repository was opened."""

    path: Path | None
    project: str | None
    repo: str | None
    origin: str
    branches: tuple[str, ...] = ()
    remote: RepoEntry | None = None

    @property
    def mirrored(self) -> RepoEntry | None:
        """The remote to fetch from, where there is no clone at hand."""
        return None if self.path is not None and self.path.exists() else self.remote

    @property
    def name(self) -> str:
        """How to call it before its target is known."""
        return str(self.path) if self.path else str(self.remote and self.remote.git_url)

    def target(self, repo: str | None = None) -> Target:
        """Where it goes, `repo` standing in for a name that nobody gave; raises `ConfigError`."""
        if not self.project:
            raise ConfigError(
                f"which project does {self.name} belong to?",
                hint="name it with --project or TGL_PROJECT, or write a repos.yaml with `tgl init`",
            )
        name = self.repo or repo
        if not name:
            raise ConfigError(f"what is {self.name} called on the server?", hint="name it with --repo or TGL_REPO")
        return Target(self.project, name)


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that a command needs to know."""

    url: Setting[str | None]
    api_key: Setting[str | None]
    batch_size: Setting[int]
    max_retries: Setting[int]
    timeout: Setting[float | None]
    jobs: Setting[int]
    engine: Setting[str | None]
    sources: tuple[Source, ...]

    def __repr__(self) -> str:
        return f"Settings({self.url.value})"

    def server(self) -> ServerUrl:
        """The checked address; raises `ConfigError` when there is none."""
        if not self.url.value:
            raise ConfigError("no server is named", hint="`tgl login https://...`, or set TGL_URL")
        return parse_server_url(self.url.value)

    def key(self) -> str:
        """The API key; raises `ConfigError` when there is none for this server."""
        if not self.api_key.value:
            raise ConfigError(f"there is no API key for {self.server()}", hint="`tgl login`, or set TGL_API_KEY")
        return self.api_key.value

    def retries(self) -> RetryPolicy:
        """How often a request is repeated."""
        return RetryPolicy(max_retries=self.max_retries.value)


def load(flags: Flags, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the files that count, and resolve."""
    named = flags.config or (Path(environ["TGL_CONFIG"]) if environ.get("TGL_CONFIG") else None)
    path = named or find_project_file(Path.cwd())
    file = _read_project_file(path, environ, found=named is None) if path else None
    settings = resolve(flags, environ, file, read_login(login_path()))
    if not settings.sources:
        raise ConfigError(f"{path} has no such repository", hint="check --project and --repo")
    return settings


def _read_project_file(path: Path, environ: Mapping[str, str], *, found: bool) -> ProjectFile:
    from tgl_client.repos_yaml import read_project_file  # noqa: PLC0415 -- YAML takes 50 ms to load; most have no file

    return read_project_file(path, environ, found=found)


def resolve(flags: Flags, environ: Mapping[str, str], file: ProjectFile | None, login: Login) -> Settings:
    """Each setting from the first source that names it; raises `ConfigError`."""
    sources = _Sources(environ, file)
    url = sources.first(flags.url, "--url", "TGL_URL", "api_url", login.url, None)
    return Settings(
        url=url,
        api_key=_api_key(environ, file, login, url),
        batch_size=sources.number(flags.batch_size, "batch_size", http.MAX_COMMITS_PER_BATCH, 1, 1000),
        max_retries=sources.number(flags.max_retries, "max_retries", RetryPolicy().max_retries, 0, 100),
        timeout=sources.seconds(flags.timeout),
        jobs=sources.number(flags.jobs, "jobs", 0, 0, 256),
        engine=sources.first(flags.engine, "--engine", "TGL_ENGINE", None, None, None),
        sources=_repositories(flags, environ, file, login),
    )


class _Sources:
    """Looks a setting up where it may stand."""

    def __init__(self, environ: Mapping[str, str], file: ProjectFile | None) -> None:
        self._environ = environ
        self._file = file

    def first(
        self, flag: str | None, option: str, variable: str, key: str | None, stored: str | None, default: str | None
    ) -> Setting[str | None]:
        if flag is not None:
            return Setting(flag, f"flag {option}")
        if self._environ.get(variable):
            return Setting(self._environ[variable], f"environment variable {variable}")
        in_file = getattr(self._file, key) if self._file and key else None
        if self._file and key and in_file is not None:
            return Setting(str(in_file), f"{self._file.path}:{self._file.lines[key]}")
        return Setting(stored, str(login_path())) if stored is not None else Setting(default, DEFAULT)

    def number(self, flag: int | None, key: str, default: int, least: int, most: int) -> Setting[int]:
        variable, option = f"TGL_{key.upper()}", f"--{key.replace('_', '-')}"
        in_file = key if key in ("batch_size", "max_retries") else None
        found = self.first(None if flag is None else str(flag), option, variable, in_file, None, str(default))
        return Setting(_parse(found, int, least, most), found.origin)

    def seconds(self, flag: float | None) -> Setting[float | None]:
        found = self.first(None if flag is None else str(flag), "--timeout", "TGL_TIMEOUT", None, None, None)
        return Setting(None if found.value is None else _parse(found, float, 0.001, 10**9), found.origin)


def _parse(found: Setting[str | None], read: Callable[[str], N], least: float, most: float) -> N:
    try:
        value = read(str(found.value))
    except ValueError:
        raise ConfigError(f"{found.value!r} is not a number ({found.origin})") from None
    if not least <= value <= most:
        raise ConfigError(f"{found.value} is not between {least} and {most} ({found.origin})")
    return value


def _api_key(
    environ: Mapping[str, str], file: ProjectFile | None, login: Login, url: Setting[str | None]
) -> Setting[str | None]:
    """The key for this address. A file that was merely found may not draw the environment's key to its server."""
    from_file = file is not None and url.origin.startswith(f"{file.path}:")
    variable = environ.get("TGL_API_KEY")
    if variable and file is not None and from_file and file.found and url.value != login.url:
        raise ConfigError(
            f"{file.path} was found here and names the server {url.value}; TGL_API_KEY is not sent to it unasked",
            hint=f"if you trust it, name it: --config {file.path}, or set TGL_URL",
        )
    if variable:
        return Setting(variable, "environment variable TGL_API_KEY")
    if file is not None and file.api_key and (from_file or file.api_url is None):
        return Setting(file.api_key, f"{file.path}:{file.lines['api_key']}")
    stored = login.keys.get(str(url.value).rstrip("/"))
    return Setting(stored, str(login_path())) if stored else Setting(None, DEFAULT)


def _repositories(
    flags: Flags, environ: Mapping[str, str], file: ProjectFile | None, login: Login
) -> tuple[Source, ...]:
    """The paths given, else the project file's repositories, else the folder we are in."""
    sources = _Sources(environ, None)
    project = sources.first(flags.project, "--project", "TGL_PROJECT", None, None, None)
    repo = sources.first(flags.repo, "--repo", "TGL_REPO", None, None, None)
    entries = file.repos if file else ()
    if not flags.paths and entries:
        listed = [_listed(file, entry, flags) for entry in entries if file]
        return tuple(each for each in listed if _wanted(each, project.value, repo.value))
    if repo.value and len(flags.paths) > 1:
        raise ConfigError("several repositories cannot all be called the same", hint="leave --repo out")
    return tuple(
        _given(path, file, flags, project.value or login.project, project.value, repo.value)
        for path in flags.paths or (Path(),)
    )


def _listed(file: ProjectFile, entry: RepoEntry, flags: Flags) -> Source:
    return Source(
        path=entry.path,
        project=entry.project,
        repo=entry.repo_id,
        origin=f"{file.path}:{entry.line}",
        branches=flags.branches or entry.branches,
        remote=entry if entry.git_url else None,
    )


def _wanted(source: Source, project: str | None, repo: str | None) -> bool:
    """With a project file, --project and --repo choose among its repositories."""
    return (project is None or source.project == project) and (repo is None or source.repo == repo)


def _given(
    path: Path, file: ProjectFile | None, flags: Flags, project: str | None, named: str | None, repo: str | None
) -> Source:
    """A path from the command line; what the project file says of the same folder fills the gaps."""
    for entry in file.repos if file else ():
        if file and entry.path and entry.path.resolve() == path.resolve():
            listed = _listed(file, entry, flags)
            return Source(
                path, named or listed.project, repo or listed.repo, listed.origin, listed.branches, listed.remote
            )
    return Source(path, project, repo, "command line", flags.branches)
