"""The trace of the request that is being answered, for whoever has something to add to it.

It imports nothing of OpenTelemetry, which need not be installed.
"""

from contextvars import ContextVar
from typing import Protocol


class RequestTrace(Protocol):
    """What ingestion tells about a batch."""

    def phase(self, name: str, seconds: float) -> None:
        """A phase that took so long and ends now."""

    def stored(self, repo_id: str, total: int, inserted: int) -> None:
        """A batch, or a chunk of a stream, after its COMMIT."""


#: None where nothing is traced.
current_trace: ContextVar[RequestTrace | None] = ContextVar("current_trace", default=None)
