"""The watch that restarts an embedded server which has died: by a kill -9, the out-of-memory killer, or a crash."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from tgl_server.db.embedded.errors import EmbeddedPostgresError

log = structlog.get_logger()

_LOOK_SECONDS = 1.0
_MOST_SECONDS = 60.0


@contextmanager
def watched(is_running: Callable[[], bool], start: Callable[[], None]) -> Iterator[None]:
    """Look every second while the block runs, and start a server that is gone; after a failure less often."""
    ended = threading.Event()

    def watch() -> None:
        pause = _LOOK_SECONDS
        while not ended.wait(pause):
            if is_running():
                pause = _LOOK_SECONDS
                continue
            log.error("embedded_postgres_died", consequence="it is started again")
            pause = _LOOK_SECONDS if _starts(start) else min(2 * pause, _MOST_SECONDS)

    thread = threading.Thread(target=watch, name="embedded-postgres", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _starts(start: Callable[[], None]) -> bool:
    try:
        start()
    except (EmbeddedPostgresError, OSError) as error:
        log.error("embedded_postgres_not_started", reason=str(error))
        return False
    log.warning("embedded_postgres_started_again")
    return True
