"""The how-to pages are true: their configuration is read, their commands exist, their scripts run."""

import os
import re
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest
import yaml

from tests.support.command import tgl
from tests.support.histories import git
from tests.support.pushing import until_pushed
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_client.settings.repos_yaml import read_project_file

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
PAGES = sorted(HOWTO.glob("*.md"))


def blocks(page: Path, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


COMMAND = re.compile(r"\btgl (push|status|login|init|test|hook \w+)\b([^`|&<\n]*)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_and_options_exist(page: Path) -> None:
    for name, rest in set(COMMAND.findall(page.read_text())):
        done = tgl(*name.split(), "--help")
        assert done.code == 0, name
        assert all(option in done.out for option in re.findall(r"--[a-z-]+", rest)), (name, rest)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_names_of_our_modules_and_classes_exist(page: Path) -> None:
    for name in re.findall(r"`(tgl_\w+(?:\.\w+)+)`", page.read_text()):
        assert resolve_name(name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_yaml_is_yaml(page: Path) -> None:
    for block in blocks(page, r"yaml[^\n]*"):
        assert yaml.safe_load(block)


def test_the_repos_yaml_of_the_cron_page_is_read(tmp_path: Path) -> None:
    [block] = blocks(HOWTO / "cron.md", "yaml repos.yaml")
    file = tmp_path / "repos.yaml"
    file.write_text(block)
    assert [entry.repo_id for entry in read_project_file(file, {}).repos] == [None, "app"]


@pytest.fixture
def settings(
    server: RunningServer, world: World, repository: Path, tgl_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**world.environment(server.url), "REPOSITORY": str(repository)}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("settings")
def test_the_library_example_runs() -> None:
    [block] = blocks(HOWTO / "python-api.md", "python")
    done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, check=True)
    assert done.stdout == "3 sent, 0 already there, 0 refused\n"


@pytest.mark.usefixtures("settings")
async def test_the_pre_push_hook_pushes_to_the_league(
    repository: Path, tmp_path: Path, server: RunningServer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    [block] = blocks(HOWTO / "git-hooks.md", "sh pre-push")
    hook = repository / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(block)
    hook.chmod(0o755)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    git(tmp_path, "init", "-q", "--bare", "upstream.git")
    git(repository, "push", "-q", str(tmp_path / "upstream.git"), "main")
    await until_pushed(server, world, git(repository, "rev-parse", "main"))


@pytest.mark.usefixtures("settings")
def test_the_detached_checkout_of_gitlab_is_pushed_as_its_branch(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(repository), "ci")
    checkout = tmp_path / "ci"
    git(checkout, "checkout", "-q", "--detach")
    git(checkout, "branch", "-q", "-D", "main")
    git(checkout, "branch", "--force", "main", "HEAD")
    assert (
        tgl("push", "--branch", "main", "--timeout", "600", "--json", cwd=checkout).json["repositories"][0]["sent"] == 3
    )
