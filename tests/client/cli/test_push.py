"""`tgl push`: one or several repositories, in words, JSON and exit codes."""

from pathlib import Path

import pytest

from tests.support.command import tgl
from tests.support.faulty import KEY
from tests.support.histories import make_repository
from tests.support.world import World
from tgl_protocol.keys import parse_api_key


@pytest.mark.usefixtures("settings")
def test_a_refused_key_ends_with_three(repository: Path) -> None:
    done = tgl("push", repository, TGL_API_KEY=KEY)
    assert done.code == 3
    assert "HTTP 401" in done.err
    assert f"with the key {parse_api_key(KEY).prefix}... (environment variable TGL_API_KEY)" in done.err
    assert KEY not in done.err
    assert "hint: create a new key" in done.err


@pytest.mark.usefixtures("settings")
def test_quiet_says_nothing_when_all_is_well(repository: Path) -> None:
    done = tgl("push", repository, "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.usefixtures("settings")
def test_several_repositories_come_from_one_file(tmp_path: Path, world: World) -> None:
    for name in ("first", "second"):
        make_repository(tmp_path / name, 2)
    (tmp_path / "repos.yaml").write_text(
        f"projects:\n  - project_id: {world.project}\n    repos:\n      - path: first\n      - path: second\n"
    )
    done = tgl("push", "--json", cwd=tmp_path, TGL_PROJECT="", TGL_REPO="")
    first, second = done.json["repositories"]
    assert (first["state"], first["sent"]) == ("pushed", 2)
    assert (second["state"], second["exit_code"]) == ("failed", 2)
    assert done.code == done.json["exit_code"] == 2


@pytest.mark.usefixtures("settings")
def test_a_cron_job_says_which_repository_failed(tmp_path: Path, repository: Path) -> None:
    several = tgl("push", repository, make_repository(tmp_path / "other", 1), tmp_path, TGL_REPO="")
    assert "error: demo/work: " in several.err
    assert "error: demo/other: " in several.err
    assert f"error: {tmp_path}: " in several.err
    assert "error: demo/nowhere: " in tgl("push", repository, "--quiet", TGL_REPO="nowhere").err
    whole = tgl("push", repository, tmp_path, "--dry-run", "--full", TGL_REPO="")
    assert (whole.code, whole.err.count("error: ")) == (2, 2)
    assert f"error: {tmp_path}: " in whole.err


@pytest.mark.usefixtures("settings")
def test_after_a_refused_key_the_other_repositories_are_not_tried(tmp_path: Path) -> None:
    paths = [make_repository(tmp_path / name, 1) for name in ("a", "b")]
    done = tgl("push", *paths, "--json", TGL_API_KEY=KEY, TGL_REPO="")
    assert done.code == 3
    assert "not tried" in done.json["repositories"][1]["error"]
