"""What `tgl init` does: ask, write `repos.yaml`, register the repository."""

import json
import os
import sys
from pathlib import Path

from msgspec import Struct, structs

from tgl_client import errors
from tgl_client.cli.connect import reading_client
from tgl_client.cli.running import run_command
from tgl_client.client import Client
from tgl_client.exit_codes import ExitCode, combined
from tgl_client.http.address import Target, parse_server_url
from tgl_client.pushing.explained import explained
from tgl_client.pushing.locate import target_of
from tgl_client.pushing.reader import opened
from tgl_client.settings.files import replace_file, system_errors, usual_mode
from tgl_client.settings.flags import Flags
from tgl_client.settings.load import load
from tgl_client.settings.login_file import login_path, read_login
from tgl_client.settings.settings import Settings
from tgl_client.settings.source import Source
from tgl_client.terminal.output import print_warning

TEMPLATE = """\
# Which repositories `tgl push` sends where. Run it in this folder, or name this file with --config.
# `~` and $VARIABLES are filled in; relative paths begin at this file's folder.

api_url: {url}
# The API key is best kept out of this file: `tgl login` stores it, TGL_API_KEY in the environment wins.
# api_key: $TGL_API_KEY

# batch_size: 1000    # commits in a request
# max_retries: 5      # tries after a fault

projects:
  - project_id: {project}
    repos:
      - path: {path}
        repo_id: {repo}
        # branches: ["@default", "release/*"]    # all branches when left out; "!dependabot/*" leaves out
        # join_history: true                     # also where the server has another history in the repository

      # A repository that is not cloned here is mirrored into a cache; its credentials stay on this machine.
      # - git_url: https://git.example.com/team/app.git
      #   repo_id: app
      #   username: reader
      #   password_env: APP_TOKEN          # the name of the variable that holds the password
      # - git_url: git@git.example.com:team/other.git
      #   ssh_key: ~/.ssh/id_ed25519
"""


class Answers(Struct, frozen=True, kw_only=True):
    """The values of the file; None is asked for, or filled with an example."""

    url: str | None = None
    project: str | None = None
    repo: str | None = None
    register: bool = False


def write_config(file: Path, given: Answers, *, force: bool) -> ExitCode:
    """Write the file, then register; a registration that fails leaves the file and says what to do.

    A file that is there is left as it is, and `--register` creates the repositories that it lists. Where there is
    nothing to register, nothing is written.
    """
    if file.exists() and given.register and not force:
        return _register(file, given)
    if file.exists() and not force:
        raise errors.UsageError(f"{file} is there already", hint="edit it, or replace it with --force")
    here = run_command(_repository_name(file.parent))
    if given.register and here is None:
        raise errors.UsageError(
            f"{_shown(file.parent)} is no Git repository, so there is nothing to register",
            hint="run it in one; or write the file with `tgl init`, list your repositories in it, and register them",
        )
    answers = _complete(given, here)
    if given.register:
        _refuse_gaps(answers)
    example = answers.repo or "app"
    text = TEMPLATE.format(
        url=_quoted(answers.url or "https://league.example.com"),
        project=_quoted(answers.project or "my-project"),
        path="." if here else _quoted(f"../{example}"),
        repo=_quoted(example),
    )
    with system_errors(f"{file} cannot be written", hint="write it elsewhere: `tgl init FILE`"):
        replace_file(file, text.encode(), mode=usual_mode())
    print(f"wrote {file}")
    if answers.register:
        return _register(file, answers)
    if examples := _examples(answers, here):
        print_warning(f"{', '.join(examples)} in it: examples, of which nothing is true", f"write your own into {file}")
    print("next: `tgl test`, then `tgl push`")
    return ExitCode.DONE


def _refuse_gaps(answers: Answers) -> None:
    """Raises `UsageError` for what has to be known before a repository is registered, and is not."""
    if not answers.url:
        raise errors.UsageError("no server is named", hint="name it with --url or TGL_URL, or `tgl login` first")
    if not answers.project:
        raise errors.UsageError("no project is named", hint="`tgl projects` lists them; name it with --project")


def _examples(answers: Answers, here: str | None) -> list[str]:
    """The keys of the file whose values nobody gave."""
    given = (("api_url", answers.url), ("project_id", answers.project), ("path", here))
    return [key for key, value in given if not value]


def _shown(folder: Path) -> str:
    return "the current folder" if folder == Path() else str(folder)


async def _repository_name(folder: Path) -> str | None:
    """The name of the repository in this very folder; None outside of one."""
    try:
        async with opened(folder) as (repository, thread):
            return await thread.call(lambda: repository.name)
    except errors.LocalRepositoryError:
        return None


def _complete(given: Answers, here: str | None) -> Answers:
    login = read_login(login_path())
    url = given.url or os.environ.get("TGL_URL") or login.url
    project = given.project or os.environ.get("TGL_PROJECT") or login.project
    repo = given.repo or os.environ.get("TGL_REPO") or here
    if not sys.stdin.isatty():
        return structs.replace(given, url=url, project=project, repo=repo)
    url = parse_server_url(_ask("Server address", url)).base
    project = _ask("Project", project)
    if here is None:
        return Answers(url=url, project=project, repo=repo)
    repo = _ask("Repository name on the server", repo)
    register = given.register or _ask("Register it with the project now? [y/n]", "n").lower().startswith("y")
    return Answers(url=url, project=project, repo=repo, register=register)


def _ask(question: str, default: str | None) -> str:
    """Ask until there is an answer; Enter takes the default."""
    while True:
        try:
            answer = input(f"{question} [{default}]: " if default else f"{question}: ").strip() or default
        except EOFError:
            raise errors.UsageError("no answer was given", hint="name it with an option: `tgl init --help`") from None
        if answer:
            return answer


def _register(file: Path, chosen: Answers) -> ExitCode:
    """Create the repositories of the file that the server does not have; one that fails does not stop the others."""
    flags = Flags(config=file, url=chosen.url, project=chosen.project, repo=chosen.repo)
    code = run_command(_create_all(load(flags)))
    if code is ExitCode.DONE:
        print("next: `tgl push`")
    return code


async def _create_all(settings: Settings) -> ExitCode:
    codes = []
    async with reading_client(settings) as client:
        for source in settings.sources:
            name, refusal = source.name, "was not registered"
            try:
                target = await target_of(source)
                name = str(target)
                await _check_readable(source)
                created = await _create(client, target)
                print(f"registered {target}" if created else f"{target} is registered already", flush=True)
                refusal = "cannot be pushed to"
                await client.check_push(target.project, target.repo)
            except errors.TglError as error:
                print_warning(f"{name} {refusal}: {error}", error.hint)
                codes.append(error.exit_code)
    return combined(codes)


async def _check_readable(source: Source) -> None:
    """Raises `LocalRepositoryError` for a folder that is no repository: a name in the file does not show that."""
    if source.mirrored is None:
        async with opened(source.path or Path()):
            pass


async def _create(client: Client, target: Target) -> bool:
    """False when the repository is there already."""
    try:
        await client.api.status(target)
    except errors.UnknownTargetError:
        async with explained(client.api, target.project):
            await client.api.create_repository(target)
        return True
    return False


def _quoted(text: str) -> str:
    """The text as a YAML string: plain words stay plain, anything else is quoted as in JSON, which is YAML."""
    plain = text.replace("-", "").replace("_", "").replace("/", "").replace(".", "").replace(":", "")
    return text if plain.isalnum() and not plain.isdigit() and ": " not in text else json.dumps(text)
