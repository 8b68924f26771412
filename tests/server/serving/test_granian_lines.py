"""What becomes of Granian's own lines, which are about its workers."""

import logging
import os
import signal
from collections.abc import Callable

import psutil
import pytest
from structlog.testing import capture_logs

from tests.support.api import Api
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tgl_server.serving.granian_lines import GranianLines


async def test_a_worker_that_is_killed_is_an_event_with_its_signal_and_is_replaced(
    start_server: Callable[..., RunningServer],
) -> None:
    server = start_server(log_format="json")
    worker = _workers(server)[0]
    os.kill(worker, signal.SIGKILL)
    (line,) = await until(lambda: server.logged_fields(event="worker_died"))
    assert (line["worker"], line["pid"], line["signal"], line["level"]) == (1, worker, "SIGKILL", "error")
    async with Api(server.url) as api:
        assert await until(lambda: _answers(api))
    assert "[ERROR]" not in server.log()


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ("Worker crash loop detected, exiting", {"event": "workers_keep_dying", "log_level": "error"}),
        (
            "Killing worker-2 after it refused to gracefully stop",
            {"event": "worker_killed", "worker": 2, "log_level": "warning"},
        ),
        ("Something else", {"event": "granian", "message": "Something else", "log_level": "warning"}),
    ],
)
def test_each_line_is_an_event(message: str, event: dict[str, object]) -> None:
    with capture_logs() as lines:
        GranianLines().emit(logging.LogRecord("_granian", logging.WARNING, "", 0, message, (), None))
    assert event.items() <= lines[0].items()


def _workers(server: RunningServer) -> list[int]:
    return [child.pid for child in psutil.Process(server.pid).children() if "postgres" not in child.name()]


async def _answers(api: Api) -> bool:
    try:
        return (await api.get("/health")).status == 200
    except OSError:
        return False
