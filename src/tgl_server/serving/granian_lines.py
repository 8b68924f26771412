"""What Granian says of its workers, as events of our own log: its lines say neither when nor why, and are no JSON."""

import logging
import re
import signal
from collections.abc import Mapping
from typing import Any, Final

import structlog
from granian.server.common import AbstractServer as MainProcess

_LOGGER: Final = "_granian"
_DIED: Final = re.compile(r"Unexpected exit from worker-(\d+)")
_KILLED: Final = re.compile(r"Killing (?:old )?worker-(\d+) after it refused to gracefully stop")
_CRASH_LOOP: Final = "Worker crash loop detected"

#: Granian's `log_dictconfig`.
LOG_CONFIG: Final[Mapping[str, Any]] = {
    "handlers": {"ours": {"class": f"{__name__}.GranianLines"}},
    "loggers": {_LOGGER: {"handlers": ["ours"], "propagate": False}},
}


class GranianLines(logging.Handler):
    """Writes each record as an event. `main` is set in the main process, which knows how its workers ended."""

    main: MainProcess[Any] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        log = structlog.get_logger()
        if died := _DIED.fullmatch(message):
            log.error("worker_died", worker=int(died[1]), **self._end_of(int(died[1])), consequence="it is replaced")
        elif killed := _KILLED.fullmatch(message):
            log.warning("worker_killed", worker=int(killed[1]), reason="it did not end in time")
        elif message.startswith(_CRASH_LOOP):
            log.error("workers_keep_dying", consequence="the server ends")
        else:
            log.log(record.levelno, "granian", message=message, exc_info=record.exc_info or None)

    def _end_of(self, number: int) -> dict[str, Any]:
        """The process id of a worker that is gone, and the signal that ended it, or else its exit code."""
        workers = self.main.wrks if self.main else []
        ended = next((each.inner for each in workers if each.idx == number - 1 and not each.is_alive()), None)
        if ended is None:
            return {}
        code = ended.exitcode
        return {"pid": ended.pid} | ({"signal": signal.Signals(-code).name} if code < 0 else {"exit_code": code})


def tell_of_workers(server: MainProcess[Any]) -> None:
    """Let the lines of this process say how workers of a server ended; Granian has set up its log by now."""
    for handler in logging.getLogger(_LOGGER).handlers:
        if isinstance(handler, GranianLines):
            handler.main = server
