"""What `serve` says, when it says it, and how a closed terminal ends it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

import psutil
import pytest

from tests.support.api import Api
from tests.support.servers import RunningServer
from tests.support.world import World


async def test_a_server_that_says_it_listens_does(start_server: Callable[..., RunningServer], world: World) -> None:
    server = start_server()
    said = server.log()
    assert f"Listening on {server.url}\n  console   {server.url}/\n  database  " in said
    assert f"next      tgl login {server.url}" in said
    async with Api(server.url) as api:
        assert (await api.get("/health")).status == 200


async def test_a_server_without_accounts_says_how_to_make_one(start_server: Callable[..., RunningServer]) -> None:
    assert "next      tgl-server users create" in start_server().log()


def test_a_port_that_is_taken_is_never_listened_on(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "tgl_server", "serve", "--port", str(port)],
            env={**os.environ, "DATABASE_URL": database_url},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert "Listening" not in done.stderr


@pytest.mark.parametrize(
    "to_all", [pytest.param(False, marks=pytest.mark.slow), True], ids=["to the main process", "to the workers as well"]
)
async def test_a_closed_terminal_ends_the_server_and_its_workers(
    to_all: bool, start_server: Callable[..., RunningServer]
) -> None:
    server = start_server()
    main = psutil.Process(server.pid)
    workers = main.children(recursive=True)
    for process in [*(workers if to_all else []), main]:
        process.send_signal(signal.SIGHUP)
    await server.exited()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(server.url.rpartition(":")[2]))) != 0


async def test_nohup_keeps_it_running(start_server: Callable[..., RunningServer]) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        server = start_server()
    finally:
        signal.signal(signal.SIGHUP, before)
    workers = psutil.Process(server.pid).children()
    os.kill(server.pid, signal.SIGHUP)
    async with Api(server.url) as api:
        assert {(await api.get("/health")).status for _ in range(50)} == {200}
    assert psutil.Process(server.pid).children() == workers
