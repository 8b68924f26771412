"""`tgl-server demo`: everything from nothing, twice, and what it says when something is wrong."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.client.history.repositories import empty_repository, git, random_repository

COMMAND = [sys.executable, "-m", "tgl_server", "demo"]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An empty home, no settings of ours, and the database's folder named."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TGL_", "XDG_"))}
    kept.pop("DATABASE_URL", None)
    return {**kept, "HOME": str(tmp_path / "home"), "DATA_DIR": str(tmp_path / "data")}


def demo(home: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], env=home, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_demo_pushes_a_repository_and_checks_its_count(home: dict[str, str], tmp_path: Path) -> None:
    path = random_repository(tmp_path / "league", commits=120)
    first = demo(home, str(path), "--exit")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "120 commits by" in first.stdout
    assert "the server has as many" in first.stdout
    again = demo(home, str(path), "--exit")
    assert again.returncode == 0, again.stderr
    assert "nothing new" in again.stdout


@pytest.mark.slow
def test_the_demo_fails_when_the_server_holds_other_commits_than_the_branches(
    home: dict[str, str], tmp_path: Path
) -> None:
    path = random_repository(tmp_path / "league", commits=30)
    assert demo(home, str(path), "--exit").returncode == 0
    git(path, "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "--amend", "--allow-empty", "-m", "rewritten")
    rewritten = demo(home, str(path), "--exit")
    assert rewritten.returncode == 1
    assert "history was rewritten" in rewritten.stdout


@pytest.mark.slow
def test_the_demo_of_an_empty_repository_has_nothing_to_do(home: dict[str, str], tmp_path: Path) -> None:
    done = demo(home, str(empty_repository(tmp_path / "empty")), "--exit")
    assert (done.returncode, "nothing new" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.slow
def test_the_demo_of_a_folder_without_a_repository_says_so(home: dict[str, str], tmp_path: Path) -> None:
    done = demo(home, str(tmp_path), "--exit")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "not a Git repository" in done.stderr


@pytest.mark.slow
def test_the_demo_serves_until_it_is_interrupted(home: dict[str, str], tmp_path: Path) -> None:
    path = random_repository(tmp_path / "league", commits=30)
    with subprocess.Popen([*COMMAND, str(path)], env=home, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Serving until Ctrl-C"):
                break
        url = next(line.split()[1] for line in lines if line.startswith("server"))
        with urllib.request.urlopen(f"{url}/ready") as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
