"""A line in the log about each try of a request, which `--debug` shows; it has no header and no body."""

import logging
import time
from typing import Final

from yarl import URL

from tgl_client.errors import AnswerError
from tgl_client.http.responses import Answer

_LOG: Final = logging.getLogger(__name__)


class Trace:
    """One try of a request: what was asked, how long it took, what came."""

    def __init__(self, method: str, url: str, number: int) -> None:
        self._asked = f"{method} {URL(url, encoded=True).raw_path_qs}"
        self._number = number
        self._started = time.monotonic()

    def answered(self, answer: Answer, sent: int) -> None:
        """Log the answer, and the bytes of both bodies."""
        request = f", request {answer.request_id}" if answer.request_id else ""
        _LOG.debug("%s: %s, %s%s", self._asked, answer.status, self._figures(sent, len(answer.body)), request)

    def failed(self, error: AnswerError, sent: int) -> None:
        """Log that no answer came, and why."""
        _LOG.debug("%s: no answer, %s: %s", self._asked, self._figures(sent, 0), error)

    def _figures(self, sent: int, received: int) -> str:
        milliseconds = (time.monotonic() - self._started) * 1000
        again = f", try {self._number}" if self._number > 1 else ""
        return f"{milliseconds:,.0f} ms, {sent:,} bytes sent, {received:,} received{again}"
