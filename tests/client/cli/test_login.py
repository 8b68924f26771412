"""`tgl login`: a key is stored when the server accepts it."""

import asyncio
import json
import re
import socket
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.command import tgl, tgl_on_terminal
from tests.support.faulty import KEY
from tests.support.servers import RunningServer
from tests.support.waiting import wait_until
from tests.support.world import World, add_project
from tgl_server.db.engine import Database


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


def test_a_login_with_one_project_needs_nothing_more(server: RunningServer, world: World, repository: Path) -> None:
    done = tgl("login", server.url, stdin=world.key)
    assert (done.code, f"project: {world.project}" in done.out) == (0, True)
    assert tgl("push", repository, "--repo", world.repo).code == 0


async def test_a_login_on_a_terminal_asks_for_the_project(
    server: RunningServer, world: World, database: Database, repository: Path
) -> None:
    second = await add_project(database, world, "other")
    asked = {"API key:": world.key, "Which one": "9", "Enter for none]: 9": "2"}
    code, shown = await asyncio.to_thread(tgl_on_terminal, "login", server.url, answers=asked)
    assert (code, f"  1  {world.project}\n  2  {second}\n" in shown, world.key in shown) == (0, True, False)
    assert f"project: {second}; next: `tgl push`" in shown
    again = tgl("login", server.url, stdin=world.key)
    assert f"project: {second}" in again.out


async def test_a_login_elsewhere_says_how_to_name_one_of_several_projects(
    server: RunningServer, world: World, database: Database
) -> None:
    await add_project(database, world, "other")
    done = tgl("login", server.url, stdin=world.key)
    assert (done.code, "next: `tgl projects`" in done.out) == (0, True)


async def test_a_login_to_a_project_that_is_not_there_names_the_nearest(
    server: RunningServer, world: World, database: Database, tgl_home: Path
) -> None:
    await add_project(database, world, "other")
    done = tgl("login", server.url, "--project", "demmo", stdin=world.key)
    assert (done.code, "did you mean demo?" in done.err) == (2, True)
    assert not (tgl_home / "config" / "login.json").exists()


async def test_a_login_by_the_web_names_a_page_that_is_filled_in_and_takes_the_key(
    server: RunningServer, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = browser(tmp_path, monkeypatch)
    answers = {"API key:": world.key}
    code, shown = await asyncio.to_thread(tgl_on_terminal, "login", "--web", server.url, answers=answers)
    [address] = re.findall(r"Create a key at (\S+) and paste it here", shown)
    assert (code, world.key in shown, "The page opens in your browser." in shown) == (0, False, True)
    wait_until(opened.exists)
    assert opened.read_text() == address
    assert parse_qs(urlsplit(address).query) == {
        "name": [f"laptop-{socket.gethostname()}"],
        "scopes": ["sync:commits,read:repos"],
        "expires": ["90"],
    }


@pytest.mark.parametrize("variable", ["CI", "SSH_CONNECTION", "SSH_TTY"])
async def test_no_browser_opens_where_nobody_would_see_it(
    server: RunningServer, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    opened = browser(tmp_path, monkeypatch)
    monkeypatch.setenv(variable, "1")
    answers = {"API key:": world.key}
    code, shown = await asyncio.to_thread(tgl_on_terminal, "login", "--web", server.url, answers=answers)
    assert (code, "opens in your browser" in shown) == (0, False)
    monkeypatch.delenv(variable)
    piped = tgl("login", "--web", server.url, stdin=world.key)
    assert (piped.code, "/settings/keys/new?name=laptop-" in piped.err) == (0, True)
    assert not opened.exists()


def browser(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A browser and a screen; the file in which it writes the address that it is to open."""
    program, opened = folder / "browser", folder / "opened"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.part && mv {opened}.part {opened}\n')
    program.chmod(0o700)
    for name in ("CI", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BROWSER", str(program))
    monkeypatch.setenv("DISPLAY", ":0")
    return opened


async def test_the_project_of_another_server_is_not_kept(server: RunningServer, world: World, tgl_home: Path) -> None:
    (tgl_home / "config").mkdir(parents=True)
    file = tgl_home / "config" / "login.json"
    file.write_text('{"url": "https://other.example.com", "project": "elsewhere", "keys": {}}')
    file.chmod(0o600)
    assert tgl("login", server.url, stdin=world.key).code == 0
    assert json.loads(file.read_text())["project"] == world.project
