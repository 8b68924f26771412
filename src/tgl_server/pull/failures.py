"""What a failed pull says: a sentence and a remedy for people who maintain the repository. Pure."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from msgspec import Struct

from tgl_history import CorruptRepository, HistoryError, UnsupportedRepository
from tgl_server.errors import ServerError
from tgl_server.remotes import Reason, RemoteError, RemoteRefused, RemoteTooLarge

#: So many refusals in a row pause a repository: trying again changes nothing.
MOST_REFUSALS: Final = 5
#: So many workers may be lost with a repository before nobody tries it any more.
MOST_ATTEMPTS: Final = 3

_SHOWN: Final = 3


class Code(StrEnum):
    """A word for a failure that is not the remote's: `Reason` has those."""

    WORKERS_DIED = "workers_died"
    MIRROR_DAMAGED = "mirror_damaged"
    UNSUPPORTED = "unsupported"
    READING_TOO_SLOW = "reading_too_slow"
    MEMORY = "memory"
    SERVER = "server"
    UNEXPECTED = "unexpected"


class Failure(Struct, frozen=True, kw_only=True):
    """Why a pull failed; `code` is for metrics.

    `is_mirror_spoilt` for a copy that has to be fetched anew, `is_mirror_suspect` for one that may be the reason, if
    this is not the first failure in a row.
    """

    code: Code | Reason
    sentence: str
    remedy: str
    is_refusal: bool = False
    are_credentials_refused: bool = False
    is_mirror_spoilt: bool = False
    is_mirror_suspect: bool = False
    is_unexpected: bool = False
    pauses: bool = False

    def __str__(self) -> str:
        return f"{_begun(self.sentence)}; {self.remedy}."


class MirrorDamaged(ServerError):
    """Something in the mirror cannot be read; what can be read is stored."""

    def __init__(self, unreadable: dict[str, str]) -> None:
        shown = "; ".join(sorted(unreadable.values())[:_SHOWN])
        super().__init__(f"{len(unreadable)} commits or branches cannot be read, such as: {shown}")


class ReadingTooSlow(ServerError):
    """The history in the mirror takes too long to read; the batches before are stored."""

    def __init__(self, deadline: timedelta) -> None:
        minutes = round(deadline / timedelta(minutes=1))
        super().__init__(f"reading the history, or the next commits of it, took longer than {minutes} minutes")


WORKERS_DIED: Final = Failure(
    code=Code.WORKERS_DIED,
    sentence=f"the worker died {MOST_ATTEMPTS} times while it pulled this repository",
    remedy="look into the server's log, give the worker more memory, and ask for a pull",
    pauses=True,
)


TOO_MUCH_MEMORY: Final = Failure(
    code=Code.MEMORY,
    sentence="reading a commit takes more memory than a pull may have",
    remedy="push from a checkout instead; `git verify-pack -v` shows what is stored as the difference to a huge one",
    is_refusal=True,
)


def explain(error: Exception, mirror: Path) -> Failure:
    """The failure that an exception means; paths of the server are not shown."""
    if isinstance(error, RemoteError):
        return Failure(
            code=error.reason,
            sentence=_without_path(error.sentence, mirror),
            remedy=error.remedy,
            is_refusal=isinstance(error, RemoteRefused),
            are_credentials_refused=error.reason is Reason.CREDENTIALS,
            # What has piled up in the copy counts as well: fetched anew, the remote may be small enough.
            is_mirror_spoilt=isinstance(error, RemoteTooLarge),
            is_mirror_suspect=error.reason is Reason.UNKNOWN,
        )
    if isinstance(error, MirrorDamaged | CorruptRepository):
        return Failure(
            code=Code.MIRROR_DAMAGED,
            sentence=f"the server's copy is damaged: {_without_path(str(error), mirror)}",
            remedy="the next pull fetches it anew; if this happens again, run `git fsck` at the remote",
            is_mirror_spoilt=True,
        )
    if isinstance(error, UnsupportedRepository):
        return Failure(code=Code.UNSUPPORTED, sentence=error.message, remedy=error.hint, is_refusal=True)
    if isinstance(error, HistoryError):
        sentence = f"the commits could not be read: {_without_path(error.message, mirror)}"
        remedy = "the next pull tries again"
        return Failure(code=Code.MIRROR_DAMAGED, sentence=sentence, remedy=remedy, is_mirror_spoilt=True)
    if isinstance(error, ReadingTooSlow):
        remedy = "push from a checkout instead, or look with `git log --shortstat` which commit takes so long"
        return Failure(code=Code.READING_TOO_SLOW, sentence=str(error), remedy=remedy, is_refusal=True)
    if isinstance(error, MemoryError):
        return TOO_MUCH_MEMORY
    if isinstance(error, ServerError):
        return Failure(code=Code.SERVER, sentence=str(error).rstrip("."), remedy="the next pull tries again")
    return Failure(
        code=Code.UNEXPECTED,
        sentence="the pull failed for a reason that the server did not expect",
        remedy="its log has the reason, under pull_failed; the next pull tries again",
        is_unexpected=True,
    )


def _begun(sentence: str) -> str:
    """A sentence with a capital, unless it begins with an address."""
    first = sentence.partition(" ")[0]
    return sentence if "/" in first or ":" in first else sentence[:1].upper() + sentence[1:]


def _without_path(text: str, mirror: Path) -> str:
    return text.replace(str(mirror), "the copy").replace(str(mirror.parent), "the folder of copies")
