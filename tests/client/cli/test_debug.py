"""`--debug`: what was asked of whom, how long it took, where settings come from; never a secret."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.support.command import tgl
from tests.support.faulty import KEY, FaultyServer, html
from tests.support.histories import make_repository
from tests.support.world import World
from tgl_protocol.keys import parse_api_key

REQUEST = re.compile(
    r"debug: (GET|POST|PUT) (/api/v1/\S+): (\d{3}), [\d,]+ ms, [\d,]+ bytes sent, [\d,]+ received, request \S+"
)


def _debug_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("debug: ")]


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("push", ["/status", "/capabilities", "/commits?on_error=skip", "/refs"]),
        ("push --dry-run", ["/status", "/capabilities"]),
        ("status", ["/status", "/capabilities"]),
        ("test", ["/capabilities", "/missing"]),
        ("projects", ["/projects?limit=200"]),
        ("repos", ["/repos?limit=200"]),
        ("init --register", ["/status"]),
        ("hook install", ["/missing"]),
    ],
)
def test_every_command_shows_its_requests(repository: Path, world: World, command: str, paths: list[str]) -> None:
    done = tgl(*command.split(), "--debug", cwd=repository)
    assert done.code == 0, done
    asked = [match for line in _debug_lines(done.err) if (match := REQUEST.fullmatch(line))]
    for path in paths:
        assert any(path in match[2] and match[3] in ("200", "201") for match in asked), (path, done.err)
    prefix = parse_api_key(world.key).prefix
    assert f"debug: setting api_key: {prefix}... (environment variable TGL_API_KEY)" in done.err
    assert world.key.removeprefix(prefix) not in done.out + done.err
    assert done.err.startswith("debug: tgl ")
    assert "debug: " not in done.out


@pytest.mark.usefixtures("settings")
def test_a_push_shows_the_git_commands_and_the_walk(repository: Path) -> None:
    lines = "\n".join(_debug_lines(tgl("push", "--debug", cwd=repository).err))
    assert re.search(r"debug: starts \S*git .*diff-tree --stdin", lines)
    assert re.search(r"debug: walked \S+: 3 commits in \d+ ms", lines)
    assert "debug: setting repository: . -> demo/first (current folder" in lines


async def test_tries_and_their_reasons_are_shown(
    faulty: FaultyServer, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty.faults["status"] = [html(503)]
    done = await _push_to(faulty, repository)
    lines = [line for line in _debug_lines(done) if re.search(r"/status\S*: ", line)]
    assert [re.split(r"/status\S*: ", re.sub(r"[\d,]+ ms", "1 ms", line))[1] for line in lines] == [
        "503, 1 ms, 0 bytes sent, 21 received",
        f"200, 1 ms, 0 bytes sent, {_received(lines[1])} received, try 2",
    ]


def test_a_server_that_does_not_answer_is_shown_with_its_reason(repository: Path) -> None:
    where = "http://127.0.0.1:9"
    done = tgl("push", "-p", "a", "--max-retries", "0", "--debug", cwd=repository, TGL_URL=where, TGL_API_KEY=KEY)
    assert re.search(
        r"debug: GET /api/v1/\S+/status\S*: no answer, .*: no connection to 127.0.0.1:9: Connection", done.err
    )
    assert KEY not in done.err


def test_passwords_of_remotes_and_proxies_are_not_shown(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source", 1)
    (tmp_path / "repos.yaml").write_text(
        "api_url: http://127.0.0.1:9\nmax_retries: 0\nprojects:\n  - name: core\n    repos:\n"
        f"      - git_url: {source.as_uri()}\n        username: ann\n        password_env: SECRET\n"
        "      - git_url: https://s3cretUser@127.0.0.1:9/app.git\n"
    )
    done = tgl(
        "push", "--config", tmp_path / "repos.yaml", "--debug", SECRET="hunter-two", TGL_API_KEY=KEY,
        HTTPS_PROXY="http://s3cretUser:hunter-two@127.0.0.1:9",
    )  # fmt: skip
    assert "debug: ran " in done.err
    assert "debug: no proxy" in done.err
    assert "hunter-two" not in done.out + done.err
    assert "s3cretUser" not in done.out + "\n".join(_debug_lines(done.err))


async def _push_to(faulty: FaultyServer, repository: Path) -> str:
    done = await asyncio.to_thread(
        tgl, "push", "-p", "a", "-r", "b", "--debug", cwd=repository, TGL_URL=faulty.url, TGL_API_KEY=KEY
    )
    assert done.code == 0, done
    return done.err


def _received(line: str) -> str:
    match = re.search(r"([\d,]+) received", line)
    assert match is not None
    return match[1]
