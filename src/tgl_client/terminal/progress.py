"""The events of a push while it runs. The base class says nothing; `terminal.display` draws them, and so may others."""

from enum import StrEnum

from tgl_client.report import PushReport


class Phase(StrEnum):
    """The steps of a push that can take long enough to be seen."""

    FETCHING = "fetching"
    WALKING = "reading history"
    ASKING = "comparing"
    COUNTING = "counting lines"
    SENDING = "sending"


class Progress:
    """Receives the events of one push, in the event loop's thread; a subclass overrides what it wants to hear."""

    def begin(self, name: str) -> None:
        """The push of one repository begins."""

    def end(self) -> None:
        """The push is over, however it went."""

    def met(self, server_version: str) -> None:
        """The server has said which version it is."""

    def phase(self, phase: Phase, total: int | None = None) -> None:
        """A step begins; `total` counts commits where it is known."""

    def advance(self, count: int) -> None:
        """Advance the bar by `count` commits."""

    def waiting(self, seconds: float, reason: str) -> None:
        """Nothing is sent for `seconds`."""

    def stopped(self, report: PushReport) -> None:
        """The push was cancelled; `report` tells how far it had come."""

    def warning(self, message: str, hint: str | None = None) -> None:
        """Something that the user should know, and that does not stop the push."""
