"""The exit codes of `tgl`: what scripts can rely on. What to do about each: `docs/howto/when-a-push-fails.md`."""

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    NOT_PUSHED = 1
    USAGE = 2
    AUTHENTICATION = 3
    NETWORK = 4
    ALREADY_RUNNING = 75
    INTERRUPTED = 130
    TERMINATED = 143

    @property
    def meaning(self) -> str:
        """What it says, in the words of the manual pages."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.DONE: "Done, also when nothing was new.",
    ExitCode.NOT_PUSHED: "Something was not pushed, or not all is well.",
    ExitCode.USAGE: "Usage or configuration is wrong, or there is no such project, repository or branch.",
    ExitCode.AUTHENTICATION: "The key, or the credentials of a Git remote, were refused.",
    ExitCode.NETWORK: "There was no usable answer from the server.",
    ExitCode.ALREADY_RUNNING: "Another push of this repository is running.",
    ExitCode.INTERRUPTED: "Interrupted by Ctrl-C.",
    ExitCode.TERMINATED: "Ended by SIGTERM.",
}


def combined(codes: Iterable[ExitCode]) -> ExitCode:
    """One exit code for several repositories: the failure they have in common, or 1 when they failed in different ways.

    A repository that another push was busy with counts only where nothing else went wrong.
    """
    seen = set(codes)
    failures = seen - {ExitCode.DONE, ExitCode.ALREADY_RUNNING}
    if len(failures) == 1:
        return failures.pop()
    if failures:
        return ExitCode.NOT_PUSHED
    return ExitCode.ALREADY_RUNNING if ExitCode.ALREADY_RUNNING in seen else ExitCode.DONE
