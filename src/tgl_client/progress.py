"""What a push tells while it runs. The base class says nothing; `display` draws it, and a library user may listen."""

from enum import StrEnum


class Phase(StrEnum):
    """The steps of a push that can take long enough to be seen."""

    FETCHING = "fetching"
    WALKING = "reading history"
    ASKING = "comparing"
    SENDING = "sending"


class Progress:
    """Receives the events of one push, in the event loop's thread; every method may be left as it is."""

    def begin(self, name: str) -> None:
        """The push of one repository begins."""

    def end(self) -> None:
        """It is over, however it went."""

    def phase(self, phase: Phase, total: int | None = None) -> None:
        """A step begins; `total` counts commits where it is known."""

    def advance(self, count: int) -> None:
        """So many commits more are settled."""

    def waiting(self, seconds: float, reason: str) -> None:
        """Nothing is sent for so long."""

    def warning(self, message: str, hint: str | None = None) -> None:
        """Something that the user should know, and that does not stop the push."""
