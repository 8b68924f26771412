"""Whatever is wrong around a command ends in one sentence."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import Run
from tests.support.repositories import empty_repository
from tests.support.waiting import wait_until
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.embedded.cluster import DATABASE

NOBODY = "postgresql://tgl:hunter2@127.0.0.1:1/tgl"


@pytest.mark.parametrize("command", ["serve", "migrate", "demo", "users list", "keys list a@b.c", "verify"])
def test_a_database_that_is_not_there_is_named(run: Run, tmp_path: Path, command: str) -> None:
    empty_repository(tmp_path)
    status, said = run(*command.split(), DATABASE_URL=NOBODY)
    assert status == 1
    assert said.strip().endswith(
        "error: cannot reach the database at 127.0.0.1 port 1: nobody listens there; "
        "start PostgreSQL there, or correct DATABASE_URL"
    )


def test_a_wrong_password_is_never_shown(run: Run, postgres: EmbeddedPostgres) -> None:
    status, said = run("users", "list", DATABASE_URL=postgres.dsn.replace(postgres.password, "hunter2"))
    assert status == 1
    assert f"{postgres.socket_dir} port" in said
    assert "correct user and password in DATABASE_URL" in said
    assert "hunter2" not in said


def test_a_database_that_does_not_exist_is_told_apart(run: Run, postgres: EmbeddedPostgres) -> None:
    _, said = run("migrate", DATABASE_URL=postgres.dsn.replace(f"/{DATABASE}?", "/nothing?"))
    assert 'database "nothing" does not exist; make it with `createdb`' in said


@pytest.mark.parametrize("arguments", [("up", "9999"), ("down", "9999", "--yes")])
def test_a_version_that_does_not_exist(run: Run, database_url: str, arguments: tuple[str, ...]) -> None:
    status, said = run("migrate", *arguments, DATABASE_URL=database_url)
    assert status == 1
    assert "9999" in said
    assert "migrate history" in said


@pytest.mark.parametrize("revision", ["--fo", "-1x", "7", "heads", "base;"])
def test_what_is_no_version_is_a_usage_error(run: Run, revision: str, database_url: str) -> None:
    status, said = run("migrate", "down", revision, "--yes", DATABASE_URL=database_url)
    assert status == 2
    assert "is no version" in said


def test_tables_are_not_dropped_where_nobody_can_be_asked(run: Run, database_url: str) -> None:
    for revision, lost in (("base", "everything that is stored"), ("-1", "what only the newer versions store")):
        status, said = run("migrate", "down", revision, DATABASE_URL=database_url)
        assert status == 1
        assert lost in said
        assert "--yes" in said
    assert run("users", "list", DATABASE_URL=database_url)[0] == 0


def test_an_env_file_in_another_encoding(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"API_TITLE=Z\xfcrich\n")
    status, said = run("users", "list")
    assert (status, said) == (1, f"error: {tmp_path / '.env'} is not UTF-8 text; save it as UTF-8")


@pytest.mark.parametrize("command", ["", "serve", "migrate", "members", "members add", "keys create"])
def test_h_is_help_everywhere(run: Run, command: str) -> None:
    status, said = run(*command.split(), "-h")
    assert status == 0
    assert said.startswith(f"Usage: {' '.join(('tgl-server', *command.split()))} ")


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_cannot_be(run: Run, command: str) -> None:
    status, said = run(command, "--port", "99999")
    assert status == 2
    assert "0<=x<=65535" in said


@pytest.mark.parametrize("host", ["nosuch.invalid", "a..b", "x" * 64 + ".example"])
@pytest.mark.parametrize("port", ["0", "8000"])
def test_a_host_that_cannot_be(run: Run, host: str, port: str) -> None:
    status, said = run("serve", "--host", host, "--port", port)
    assert status == 1
    assert said.startswith(f"error: cannot listen on {host}: ")


def test_ctrl_c_while_starting_leaves_no_traceback(tmp_path: Path) -> None:
    data = tmp_path / "data"
    environment = {**os.environ, "DATA_DIR": str(data)}
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "tgl_server", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: data.exists() or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert (process.returncode, "Traceback" in said) == (130, False), said
