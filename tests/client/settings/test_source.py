"""Which repositories a command is about."""

from pathlib import Path

import pytest

from tests.support.settings import resolved, written
from tgl_client.errors import ConfigError
from tgl_client.settings.flags import Flags
from tgl_client.settings.load import load

REPOS = """
projects:
  - project_id: core
    repos:
      - path: ~/src/api
        branches: [main, "release/*"]
      - git_url: $FORGE/app.git
        repo_id: app
        password_env: APP_TOKEN
  - name: tools
    repos:
      - path: here
"""


def test_a_file_lists_repositories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    file = written(tmp_path, REPOS, FORGE="https://git.example.com")
    api, app, tools = resolved(None, file).sources
    assert (api.path, api.project, api.repo, api.branches) == (
        Path("/home/ann/src/api"),
        "core",
        None,
        ("main", "release/*"),
    )
    assert app.remote is not None
    assert (app.remote.git_url, app.repo) == ("https://git.example.com/app.git", "app")
    assert (tools.path, tools.project) == (tmp_path / "here", "tools")


def test_project_and_repo_choose_from_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, REPOS, FORGE="https://git.example.com")
    assert [each.repo for each in resolved(Flags(project="core", repo="app"), file).sources] == ["app"]


def test_a_path_is_looked_up_in_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, REPOS, FORGE="x")
    [source] = resolved(Flags(paths=(tmp_path / "here",)), file).sources
    assert source.project == "tools"


@pytest.mark.parametrize(
    "text", ["projects: []", "projects: [{name: core}]", "projects:", "api_url: https://a.example"]
)
def test_a_file_that_was_named_and_lists_nothing_is_not_replaced_by_the_folder(tmp_path: Path, text: str) -> None:
    assert resolved(None, written(tmp_path, text)).sources == ()
    found = written(tmp_path, text, found=True)
    assert len(resolved(None, found).sources) == (not found.is_list)
    with pytest.raises(ConfigError, match=r"repos\.yaml lists no repository"):
        load(Flags(config=tmp_path / "repos.yaml"), {})
    assert load(Flags(config=tmp_path / "repos.yaml", paths=(tmp_path,)), {}).sources


def test_a_file_that_was_merely_found_may_hold_settings_alone(tmp_path: Path) -> None:
    assert len(resolved(None, written(tmp_path, "api_url: https://a.example", found=True)).sources) == 1
    assert resolved(None, written(tmp_path, "projects: []", found=True)).sources == ()
