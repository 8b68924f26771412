"""What `tgl init` does: ask, write `repos.yaml`, register the repository."""

import json
import os
import sys
from pathlib import Path

from msgspec import Struct, structs

from tgl_client import errors
from tgl_client.address import Target, parse_server_url
from tgl_client.cli.running import run_command
from tgl_client.client import Client
from tgl_client.config import Flags, load
from tgl_client.history_thread import opened
from tgl_client.login_file import login_path, read_login
from tgl_client.output import print_warning

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
        # branches: [main, "release/*"]    # all branches when left out

      # A repository that is not cloned here is mirrored into a cache; its credentials stay on this machine.
      # - git_url: https://git.example.com/team/app.git
      #   repo_id: app
      #   username: reader
      #   password_env: APP_TOKEN          # the name of the variable that holds the password
      # - git_url: git@git.example.com:team/other.git
      #   ssh_key: ~/.ssh/id_ed25519
"""


class Answers(Struct, frozen=True, kw_only=True):
    """What goes into the file; None is asked for, or filled with an example."""

    url: str | None = None
    project: str | None = None
    repo: str | None = None
    register: bool = False


def write_config(file: Path, given: Answers, *, force: bool) -> errors.ExitCode:
    """Write the file, then register; a registration that fails leaves the file and says what to do."""
    if file.exists() and not force:
        raise errors.UsageError(f"{file} is there already", hint="edit it, or replace it with --force")
    here = run_command(_repository_name(file.parent))
    answers = _complete(given, here)
    example = answers.repo or "app"
    text = TEMPLATE.format(
        url=_quoted(answers.url or "https://league.example.com"),
        project=_quoted(answers.project or "my-project"),
        path="." if here else _quoted(f"../{example}"),
        repo=_quoted(example),
    )
    file.write_text(text, encoding="utf-8")
    print(f"wrote {file}")
    if here and answers.register and answers.url and answers.project and answers.repo:
        return _register(file, Target(answers.project, answers.repo))
    print("next: `tgl test`, then `tgl push`")
    return errors.ExitCode.DONE


async def _repository_name(folder: Path) -> str | None:
    """What the repository in this very folder is called; None outside of one."""
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
    """Until there is an answer; Enter takes the default."""
    while True:
        answer = input(f"{question} [{default}]: " if default else f"{question}: ").strip() or default
        if answer:
            return answer


def _register(file: Path, target: Target) -> errors.ExitCode:
    settings = load(Flags(config=file))

    async def create() -> bool:
        async with Client(str(settings.server()), settings.key()) as client:
            try:
                await client.status(target.project, target.repo)
            except errors.UnknownTargetError:
                await client.api.create_repository(target)
                return True
            return False

    try:
        created = run_command(create())
    except errors.TglError as error:
        print_warning(f"{target} was not registered: {error}", "a maintainer can create it in the project's web page")
        return error.exit_code
    print(f"registered {target}" if created else f"{target} is registered already")
    print("next: `tgl push`")
    return errors.ExitCode.DONE


def _quoted(text: str) -> str:
    """JSON strings are YAML strings, whatever is in them; plain words stay plain."""
    plain = text.replace("-", "").replace("_", "").replace("/", "").replace(".", "").replace(":", "")
    return text if plain.isalnum() and not plain.isdigit() and ": " not in text else json.dumps(text)
