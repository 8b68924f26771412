"""The commands as a user meets them: words, exit codes, JSON."""

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.api import Api
from tests.client.command import tgl
from tests.client.faulty import KEY
from tests.client.histories import git, make_repository
from tests.commits import batch, commit
from tests.servers import RunningServer
from tests.world import World
from tgl_client.errors import ExitCode, worst
from tgl_server.db.engine import Database

UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture
def settings(server: RunningServer, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a user who pushes to the world's repository."""
    for name, value in {
        "TGL_URL": server.url,
        "TGL_API_KEY": world.key,
        "TGL_PROJECT": world.project,
        "TGL_REPO": world.repo,
    }.items():
        monkeypatch.setenv(name, value)


def test_the_version_is_one_line() -> None:
    done = tgl("--version")
    assert (done.code, done.out, done.err) == (0, "tgl 0.1.0\n", "")


@pytest.mark.parametrize("command", ["push", "sync", "status", "login", "init", "test", "doctor"])
def test_every_command_has_help(command: str) -> None:
    done = tgl(command, "--help")
    assert done.code == 0
    assert f"Usage: tgl {command} " in done.out


def test_a_shell_can_complete_commands_and_options() -> None:
    def complete(words: str) -> set[str]:
        return set(tgl(_TGL_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD="1").out.split())

    assert complete("tgl ") >= {"push", "status", "login", "init", "test"}
    done = tgl(_TGL_COMPLETE="complete_bash", COMP_WORDS="tgl push --d", COMP_CWORD="2")
    assert done.out.split() == ["--dry-run"]


NOWHERE = {"TGL_URL": UNREACHABLE, "TGL_API_KEY": KEY}
TARGET = ["-p", "x", "-r", "y"]


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "words"),
    [
        (["push", "--nonsense"], {}, 2, "nonsense"),
        (["push"], {}, 2, "error: no server is named\nhint: `tgl login"),
        (["push"], {"TGL_URL": "http://league.example.com", "TGL_API_KEY": KEY}, 2, "not encrypted"),
        (["push"], {"TGL_URL": UNREACHABLE}, 2, "error: there is no API key for"),
        (["push"], {"TGL_URL": UNREACHABLE, "TGL_API_KEY": KEY[:-1]}, 2, "cut off or mistyped"),
        (["push"], NOWHERE, 2, "which project does"),
        (["push", *TARGET, "--max-retries", "0"], NOWHERE, 4, "no connection"),
        (["push", *TARGET, "--since", "soon"], NOWHERE, 2, "is not a date"),
        (["push", *TARGET, "--engine", "svn"], NOWHERE, 2, "no engine"),
        (["push", "--full"], {}, 2, "--dry-run"),
        (["status", "-c", "nowhere.yaml"], {}, 2, "cannot be read"),
    ],
)  # fmt: skip
def test_a_failure_has_a_sentence_and_a_code(
    repository: Path, arguments: list[str], environment: dict[str, str], code: int, words: str
) -> None:
    done = tgl(*arguments, cwd=repository, **environment)
    assert words in done.err
    assert done.code == code
    assert KEY not in done.err + done.out


def test_debug_shows_where_it_failed(repository: Path) -> None:
    with pytest.raises(AssertionError, match="ConfigError"):
        tgl("push", "--debug", cwd=repository)


@pytest.mark.usefixtures("settings")
def test_a_refused_key_ends_with_three(repository: Path) -> None:
    done = tgl("push", repository, TGL_API_KEY=KEY)
    assert done.code == 3
    assert "HTTP 401" in done.err
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
def test_after_a_refused_key_the_other_repositories_are_not_tried(tmp_path: Path) -> None:
    paths = [make_repository(tmp_path / name, 1) for name in ("a", "b")]
    done = tgl("push", *paths, "--json", TGL_API_KEY=KEY, TGL_REPO="")
    assert done.code == 3
    assert "not tried" in done.json["repositories"][1]["error"]


@pytest.mark.usefixtures("settings")
def test_status_compares_both_sides(repository: Path) -> None:
    before = tgl("status", repository)
    assert "demo/first: pending, 0 commits\n  never pushed to\n" in before.out
    assert "3 commits to push" in before.out
    tgl("push", repository)
    after = tgl("status", repository)
    assert f"main  {git(repository, 'rev-parse', 'main')[:12]}  pushed" in after.out
    assert "nothing to push" in after.out
    [state] = tgl("status", repository, "--json").json["repositories"]
    assert state["inspection"]["pending"] == 0
    assert state["inspection"]["status"]["total_commits"] == 3


@pytest.mark.usefixtures("settings")
async def test_status_tells_how_fresh_the_server_is(
    repository: Path, api: Api, world: World, database: Database
) -> None:
    tgl("push", repository)
    await api.post(f"{world.sync_path}/commits", batch(commit("bad", additions=-1)))
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE repos SET last_success_at = now() - interval '50 h', learned_cadence = '2 days'"))
    lines = tgl("status", repository).out.splitlines()
    assert re.fullmatch("  last success 2 d 2 h ago, last attempt .* ago", lines[1])
    assert lines[2] == "  stale: a success is expected every 2 d, going by its past"
    assert re.fullmatch("  last error .* ago: A batch of .* was refused: .*", lines[3])
    [state] = tgl("status", repository, "--json").json["repositories"]
    assert state["inspection"]["status"] == (await api.get(f"{world.sync_path}/status")).json


@pytest.mark.usefixtures("settings")
def test_doctor_finds_all_well_and_shows_origins(repository: Path, world: World) -> None:
    done = tgl("test", repository, "--origin")
    assert done.code == 0
    assert [line[:4] for line in done.out.splitlines()[-5:]] == ["ok  "] * 5
    assert "(environment variable TGL_URL)" in done.out
    assert "1 branch, 3 commits to push" in done.out
    assert world.key not in done.out


@pytest.mark.usefixtures("settings")
def test_doctor_names_what_is_wrong(repository: Path) -> None:
    refused = tgl("doctor", repository, "--json", TGL_API_KEY=KEY)
    assert refused.code == 3
    assert [each["ok"] for each in refused.json["checks"]] == [True, True, True, False]
    unknown = tgl("doctor", repository, TGL_REPO="nowhere")
    assert unknown.code == 2
    assert "FAIL  " in unknown.out.splitlines()[-2]


def test_login_stores_a_key_that_the_server_accepts(
    server: RunningServer, world: World, repository: Path, tgl_home: Path
) -> None:
    done = tgl("login", server.url, "--project", world.project, stdin=world.key + "\n")
    assert done.code == 0, done.err
    assert world.key not in done.out + done.err
    file = tgl_home / "config" / "login.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["keys"] == {server.url: world.key}
    assert tgl("push", repository, "--repo", world.repo).code == 0


def test_login_refuses_a_key_that_the_server_does_not_know(server: RunningServer, tgl_home: Path) -> None:
    assert tgl("login", server.url, stdin=KEY).code == 3
    assert tgl("login", server.url, stdin=KEY[:-2]).code == 2
    assert tgl("login", server.url, stdin="").code == 2
    assert not (tgl_home / "config" / "login.json").exists()


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


def test_exit_codes_of_several_repositories_become_one() -> None:
    done, busy, network = ExitCode.DONE, ExitCode.ALREADY_RUNNING, ExitCode.NETWORK
    assert worst([]) == worst([done, done]) == 0
    assert worst([done, busy]) == 75
    assert worst([busy, network, done]) == 4
    assert worst([network, ExitCode.USAGE]) == 1
