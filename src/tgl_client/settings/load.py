"""Loads the settings of a command: flag before environment before project file before login file before default.

`load` reads the files, `resolve` is pure.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from tgl_client.errors import ConfigError, UsageError
from tgl_client.http.address import parse_server_url
from tgl_client.http.retry import RetryPolicy
from tgl_client.settings.flags import Flags
from tgl_client.settings.login_file import Login, login_path, read_login
from tgl_client.settings.lookup import DEFAULT, Lookup, Setting
from tgl_client.settings.origins import log_origins
from tgl_client.settings.project_file import ProjectFile, find_project_file
from tgl_client.settings.settings import Settings
from tgl_client.settings.source import resolve_sources
from tgl_protocol import http


def load(flags: Flags, environ: Mapping[str, str] = os.environ, *, needs_repository: bool = True) -> Settings:
    """Read the project file and the login file, and resolve; raises `ConfigError`, also where no repository is left."""
    named = flags.config or (Path(environ["TGL_CONFIG"]) if environ.get("TGL_CONFIG") else None)
    path = named or find_project_file(_here())
    file = _read_project_file(path, environ, found=named is None) if path else None
    settings = _resolved(flags, environ, file)
    if needs_repository and not settings.sources:
        if file is not None and file.repos:
            raise ConfigError(f"{path} has no such repository", hint="check --project and --repo")
        raise ConfigError(f"{path} lists no repository", hint="add one under `projects`, or name a path, such as `.`")
    log_origins(settings)
    return settings


def _resolved(flags: Flags, environ: Mapping[str, str], file: ProjectFile | None) -> Settings:
    """The settings; a login file that cannot be read matters only to a run that needs it."""
    try:
        login = read_login(login_path())
    except ConfigError:
        settings = resolve(flags, environ, file, Login())
        if not settings.url.value or not settings.api_key.value or not all(each.project for each in settings.sources):
            raise
        return settings
    return resolve(flags, environ, file, login)


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise ConfigError("the current folder does not exist any more", hint="`cd` to one that does") from None


def _read_project_file(path: Path, environ: Mapping[str, str], *, found: bool) -> ProjectFile:
    from tgl_client.settings.repos_yaml import read_project_file  # noqa: PLC0415 -- YAML takes 50 ms to load; most have no file

    return read_project_file(path, environ, found=found)


def resolve(
    flags: Flags, environ: Mapping[str, str], file: ProjectFile | None, login: Login, *, kept_in: str | None = None
) -> Settings:
    """Each setting from the first source that names it; raises `ConfigError`.

    `kept_in` is what a value of `login` is told to be from, if that is not the login file.
    """
    lookup = Lookup(environ, file, login.settings, kept_in)
    url = lookup.first(flags.url, "--url", "TGL_URL", key="api_url", stored=login.url)
    return Settings(
        url=url,
        project=lookup.first(flags.project, "--project", "TGL_PROJECT", stored=login.project),
        api_key=_api_key(environ, file, login, url),
        batch_size=lookup.number(flags.batch_size, "batch_size", http.MAX_COMMITS_PER_BATCH, 1, 1000),
        max_retries=lookup.number(flags.max_retries, "max_retries", RetryPolicy().max_retries, 0, 100),
        timeout=lookup.seconds(flags.timeout, "timeout"),
        jobs=lookup.number(flags.jobs, "jobs", 0, 0, 256),
        engine=lookup.first(flags.engine, "--engine", "TGL_ENGINE", stored=lookup.kept.get("engine")),
        update_notice=lookup.first(
            None, "", "TGL_UPDATE_NOTICE", stored=lookup.kept.get("update_notice"), default="on"
        ),
        sources=resolve_sources(flags, lookup, file, login.project),
    )


def _api_key(
    environ: Mapping[str, str], file: ProjectFile | None, login: Login, url: Setting[str | None]
) -> Setting[str | None]:
    """The key for this address. A file that was merely found may not draw the environment's key to its server."""
    from_file = file is not None and url.origin.startswith(f"{file.path}:")
    variable = environ.get("TGL_API_KEY")
    known = _one_spelling(str(url.value)) == _one_spelling(str(login.url))
    if variable and file is not None and from_file and file.found and not known:
        raise ConfigError(
            f"{file.path} was found here and names the server {url.value}; TGL_API_KEY is not sent to it unasked",
            hint=f"if you trust it, name it: --config {file.path}, or set TGL_URL",
        )
    if variable:
        return Setting(variable, "environment variable TGL_API_KEY")
    if file is not None and file.api_key and (from_file or file.api_url is None):
        return Setting(file.api_key, f"{file.path}:{file.lines['api_key']}")
    stored = {_one_spelling(address): key for address, key in login.keys.items()}.get(_one_spelling(str(url.value)))
    if stored is None and environ.get("GITLEAGUE_API_KEY"):
        raise ConfigError(
            f"there is no API key for {url.value}; GITLEAGUE_API_KEY is a variable of the older client",
            hint=f'`export TGL_API_KEY="$GITLEAGUE_API_KEY"`, or `tgl login {url.value}`',
        )
    return Setting(stored, str(login_path())) if stored else Setting(None, DEFAULT)


def _one_spelling(address: str) -> str:
    """The address as it is checked: `HTTPS://League.example.com/api/v1/` names the same server."""
    try:
        return parse_server_url(address).base
    except UsageError:
        return address
