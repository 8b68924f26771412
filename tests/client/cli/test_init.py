"""`tgl init`: a repos.yaml that `tgl push` understands."""

from pathlib import Path

import pytest

from tests.support.command import tgl
from tests.support.histories import make_repository
from tests.support.world import World


@pytest.mark.usefixtures("settings")
def test_init_writes_a_file_that_push_understands(repository: Path, world: World) -> None:
    done = tgl("init", cwd=repository)
    assert done.out == "wrote repos.yaml\nnext: `tgl test`, then `tgl push`\n"
    assert f"project_id: {world.project}" in (repository / "repos.yaml").read_text()
    assert tgl("push", cwd=repository, TGL_PROJECT="", TGL_REPO="", TGL_URL="", TGL_CONFIG="repos.yaml").code == 0
    again = tgl("init", cwd=repository)
    assert (again.code, "there already" in again.err) == (2, True)


@pytest.mark.usefixtures("settings")
def test_init_finds_a_repository_that_is_registered_already(repository: Path, world: World) -> None:
    done = tgl("init", "--register", cwd=repository)
    assert done.code == 0, done.err
    assert f"{world.project}/{world.repo} is registered already" in done.out


@pytest.mark.usefixtures("settings")
def test_every_repository_of_a_file_is_registered(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TGL_REPO")
    for name in ("one", "two"):
        make_repository(tmp_path / name)
    listed = "".join(f"\n      - path: {path}" for path in ("one", "two", "gone"))
    (tmp_path / "repos.yaml").write_text(f"projects:\n  - project_id: {world.project}\n    repos:{listed}\n")
    done = tgl("init", "--register", cwd=tmp_path)
    assert done.out == f"registered {world.project}/one\nregistered {world.project}/two\n"
    assert (done.code, "gone was not registered" in done.err) == (2, True)
    assert "demo/one is registered already" in tgl("init", "--register", cwd=tmp_path).out
    assert tgl("push", "one", "two", cwd=tmp_path).code == 0


@pytest.mark.usefixtures("settings")
def test_registering_in_a_project_that_is_not_there_names_the_nearest(repository: Path) -> None:
    done = tgl("init", "--register", "--project", "demmo", cwd=repository)
    assert (done.code, "there is no project 'demmo'" in done.err, "there are: demo" in done.err) == (2, True, True)


@pytest.mark.usefixtures("settings")
def test_a_folder_that_is_no_repository_is_not_registered(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TGL_REPO")
    (tmp_path / "folder").mkdir()
    listed = "".join(f"\n      - path: {name}\n        repo_id: {name}" for name in ("nowhere", "folder"))
    (tmp_path / "repos.yaml").write_text(f"projects:\n  - project_id: {world.project}\n    repos:{listed}\n")
    done = tgl("init", "--register", cwd=tmp_path)
    assert (done.code, done.out, done.err.count(" was not registered: ")) == (2, "", 2)
    assert "nowhere" not in tgl("repos").out


@pytest.mark.usefixtures("settings")
def test_nothing_is_written_where_there_is_nothing_to_register(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tgl("init", "--register", cwd=tmp_path)
    assert (outside.code, "is no Git repository, so there is nothing to register" in outside.err) == (2, True)
    monkeypatch.setenv("TGL_PROJECT", "")
    without = tgl("init", "--register", cwd=repository)
    assert (without.code, "error: no project is named" in without.err) == (2, True)
    assert not list(tmp_path.rglob("repos.yaml"))


def test_examples_in_a_file_are_named(tmp_path: Path) -> None:
    done = tgl("init", cwd=tmp_path)
    assert (done.code, "warning: api_url, project_id, path in it: examples" in done.err) == (0, True)
