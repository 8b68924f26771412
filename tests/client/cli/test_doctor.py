"""`tgl test`: what is well, what is wrong, and where settings come from."""

import platform
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pygit2
import pytest

from tests.support.command import tgl
from tests.support.faulty import KEY
from tests.support.histories import git
from tests.support.world import World
from tgl_client.cli.doctor.act import clock_check


@pytest.mark.usefixtures("settings")
def test_doctor_finds_all_well_and_shows_origins(repository: Path, world: World) -> None:
    done = tgl("test", repository, "--origin")
    assert done.code == 0
    assert [line[:4] for line in done.out.splitlines()[-6:]] == ["ok  "] * 6
    assert "(environment variable TGL_URL)" in done.out
    assert "1 branch, 3 commits to push" in done.out
    assert world.key not in done.out


@pytest.mark.usefixtures("settings")
def test_doctor_names_what_is_wrong(repository: Path) -> None:
    refused = tgl("doctor", repository, "--json", TGL_API_KEY=KEY)
    assert refused.code == 3
    assert [each["ok"] for each in refused.json["checks"]] == [True, True, True, True, False]
    unknown = tgl("doctor", repository, TGL_REPO="nowhere")
    assert unknown.code == 2
    assert "FAIL  " in unknown.out.splitlines()[-2]


@pytest.mark.usefixtures("settings")
def test_doctor_fails_where_a_push_would(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", "shallow")
    assert tgl("push", tmp_path / "shallow").code == 1
    shallow = tgl("test", tmp_path / "shallow")
    assert (shallow.code, "hint: `git fetch --unshallow`" in shallow.out) == (1, True)
    (tmp_path / "file").touch()
    unwritable = tgl("test", repository, TGL_HOME=str(tmp_path / "file"))
    assert (unwritable.code, "FAIL  state folder: " in unwritable.out) == (1, True)


def test_a_clock_that_is_days_off_fails() -> None:
    now = datetime.now(UTC)
    right, wrong = (clock_check(now + timedelta(days=days), now) for days in (0, 3))
    assert (right.ok, wrong.ok, wrong.exit_code) == (True, False, 1)
    assert "differs by 3 d" in wrong.detail


@pytest.mark.parametrize("command", ["login", "test"])
def test_a_refused_port_is_told_soon_and_every_wait_announced(repository: Path, command: str) -> None:
    started = time.monotonic()
    nowhere = {"TGL_URL": "http://127.0.0.1:9", "TGL_API_KEY": KEY, "TGL_PROJECT": "p", "TGL_REPO": "r"}
    done = tgl(command, cwd=repository, stdin=KEY, **nowhere)
    assert (done.code, done.err.count("waiting 1 s: no connection to 127.0.0.1:9")) == (4, 1)
    assert time.monotonic() - started < 15


def test_a_wait_of_status_is_announced(repository: Path) -> None:
    done = tgl(
        "status",
        "-p",
        "p",
        "-r",
        "r",
        TGL_URL="http://127.0.0.1:9",
        TGL_API_KEY=KEY,
        TGL_MAX_RETRIES="1",
        cwd=repository,
    )
    assert (done.code, done.err.count("waiting 1 s: ")) == (4, 1)


@pytest.mark.usefixtures("settings")
def test_the_doctor_says_what_belongs_in_a_report(repository: Path, world: World, tgl_home: Path) -> None:
    tgl("hook", "install", repository)
    done = tgl("doctor", repository, "--json", HTTPS_PROXY="http://ann:hunter-two@proxy.example.com:3128")
    facts = {each["name"]: each["value"] for each in done.json["facts"]}
    assert facts["tgl"].startswith("0.1.0 (")
    assert facts["python"].startswith(f"{platform.python_version()} (")
    assert facts["git"].startswith(git(repository, "version").split()[2].rpartition(".")[0])
    assert facts["libgit2"].startswith(f"{pygit2.LIBGIT2_VERSION} (pygit2 ")
    assert facts["config folder"] == f"{tgl_home}/config (not there yet)"
    assert facts["login"] == f"{tgl_home}/config/login.json (keys for no server)"
    assert (facts["proxy"], facts[f"hooks of {repository}"]) == ("none", f"installed in {repository}/.git/hooks")
    assert "TGL_API_KEY" in facts["variables"]
    assert {line["setting"] for line in done.json["settings"]} >= {"url", "api_key", "project", "jobs", "repository"}
    assert (world.key in done.out, "hunter-two" in done.out) == (False, False)


def test_the_doctor_names_the_proxy_without_its_password(repository: Path) -> None:
    where = {"TGL_URL": "https://league.example.com", "TGL_API_KEY": KEY, "TGL_PROJECT": "p"}
    done = tgl("doctor", cwd=repository, stdin="", **where, HTTPS_PROXY="http://ann:hunter-two@127.0.0.1:9")
    assert f"{'proxy':<13} 127.0.0.1:9\n" in done.out
    assert "hunter-two" not in done.out + done.err


def test_the_doctor_tells_of_the_machine_where_the_settings_are_wrong(tmp_path: Path) -> None:
    (tmp_path / "repos.yaml").write_text("nonsense")
    done = tgl("doctor", cwd=tmp_path)
    assert (done.code, done.out.startswith("tgl "), "error: " in done.err) == (2, True, True)


@pytest.mark.usefixtures("settings")
def test_the_doctor_names_where_a_repository_goes(repository: Path) -> None:
    assert f"{repository} -> demo/work  (" in tgl("doctor", repository, TGL_REPO="").out
    assert f"{repository} -> (no project)/work  (" in tgl("doctor", repository, TGL_REPO="", TGL_PROJECT="").out
    assert "/?" not in tgl("test", "--origin", repository / "nowhere", TGL_REPO="").out
