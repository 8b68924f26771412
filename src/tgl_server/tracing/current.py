"""The trace of the request that is being answered, for code that adds to it.

This module imports nothing of OpenTelemetry, which need not be installed.
"""

from contextvars import ContextVar
from typing import Protocol


class RequestTrace(Protocol):
    """The trace of a request, to which ingest adds the phases and counts of a batch."""

    def phase(self, name: str, seconds: float) -> None:
        """Add a phase that took `seconds` and ends now."""

    def stored(self, repo_id: str, total: int, inserted: int) -> None:
        """Add a batch, or a chunk of a stream, after its COMMIT."""


#: None if the request is not traced.
current_trace: ContextVar[RequestTrace | None] = ContextVar("current_trace", default=None)
