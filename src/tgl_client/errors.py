"""Everything that `tgl` can fail with; each error is one sentence, with a hint and an exit code.

TglError                      1  something was not pushed
  UsageError                  2  usage or configuration
    ConfigError                  a value in a file, the environment or a flag
    InsecureUrlError             a key would travel unencrypted
    LocalRepositoryError         the Git repository cannot be read
      RemoteRefusedError      3  its remote does not let us in
      RemoteUnreachableError  4  its remote cannot be reached
    UnknownTargetError           the server does not know the project or repository
    WrongSyncMethodError         the repository is not fed by pushing
  AuthenticationError         3  the server wants another key
    NotAllowedError              the key is good, but not for this
  NetworkError                4  no usable answer
    UnreachableError             no connection, TLS failure, time-out, cut connection
    ServerFaultError             5xx, also after all retries
    RateLimitedError             429, for longer than we wait
    UnexpectedAnswerError        whatever answered is not a TheGitLeague server
  RefusedError                1  any other 4xx
    TooLargeError                413; the batch is split
  IncompletePushError         1  some commits were refused or held back
  TimeLimitError              1  `--timeout` was over
  AlreadyRunningError        75  another push of this repository holds the lock
  InterruptedPushError      130  Ctrl-C
    TerminatedPushError     143  SIGTERM
"""

from enum import IntEnum
from typing import TYPE_CHECKING

from tgl_protocol.problem import ErrorCode, FieldError

if TYPE_CHECKING:
    from tgl_client.report import PushReport


class ExitCode(IntEnum):
    """What scripts can rely on; the reference is `docs/reference/exit-codes.md`."""

    DONE = 0
    NOT_PUSHED = 1
    USAGE = 2
    AUTHENTICATION = 3
    NETWORK = 4
    ALREADY_RUNNING = 75
    INTERRUPTED = 130
    TERMINATED = 143


class TglError(Exception):
    """The command could not finish. `report` tells how far a push came, where one had begun."""

    exit_code: ExitCode = ExitCode.NOT_PUSHED
    hint: str | None = None
    report: "PushReport | None" = None

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or self.__doc__)
        if hint is not None:
            self.hint = hint


class UsageError(TglError):
    """This call is not complete."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """A setting is missing or wrong."""


class InsecureUrlError(UsageError):
    """An API key is not sent over plain http."""

    hint = "use an https:// address; plain http is for loopback only"


class LocalRepositoryError(UsageError):
    """This Git repository cannot be read."""


class RemoteRefusedError(LocalRepositoryError):
    """The Git remote does not let us in."""

    exit_code = ExitCode.AUTHENTICATION


class RemoteUnreachableError(LocalRepositoryError):
    """The Git remote cannot be reached."""

    exit_code = ExitCode.NETWORK


class AnswerError(TglError):
    """An answer that is an error; keeps what identifies it in the server's log."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        code: ErrorCode | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.errors = errors
        self.retry_after = retry_after


class UnknownTargetError(AnswerError, UsageError):
    """The server knows no such project or repository, or this key may not see it."""

    hint = "check --project and --repo; what a key may not see does not exist for it"


class WrongSyncMethodError(AnswerError, UsageError):
    """The server does not expect pushes for this repository."""

    hint = "ask a commissioner to set its sync_method to push_client"


class AuthenticationError(AnswerError):
    """The server refused this API key."""

    exit_code = ExitCode.AUTHENTICATION
    hint = "create a new key under Settings > API keys, then `tgl login`"


class NotAllowedError(AuthenticationError):
    """This API key may not do that."""

    hint = "it needs the scopes sync:commits and read:repos, and its owner must maintain the project"


class NetworkError(AnswerError):
    """The server gave no usable answer."""

    exit_code = ExitCode.NETWORK


class UnreachableError(NetworkError):
    """The server cannot be reached."""

    hint = "check the address and the network, then push again: it continues where it stopped"


class ServerFaultError(NetworkError):
    """The server failed."""

    hint = "push again later: it continues where it stopped"


class RateLimitedError(NetworkError):
    """The server takes no more requests from here for now."""

    hint = "push again later: it continues where it stopped"


class UnexpectedAnswerError(NetworkError):
    """Whatever answered is not a TheGitLeague server."""

    hint = "check the address, and proxies or sign-in pages in between"


class RefusedError(AnswerError):
    """The server refused the request."""


class TooLargeError(RefusedError):
    """The request is too large for the server or a proxy before it."""


class IncompletePushError(TglError):
    """Some commits were not pushed."""


class TimeLimitError(TglError):
    """the time limit was over before everything was pushed"""

    hint = "push again, or raise --timeout: it continues where it stopped"


class AlreadyRunningError(TglError):
    """Another push of this repository is running."""

    exit_code = ExitCode.ALREADY_RUNNING


class InterruptedPushError(TglError):
    """interrupted; what was stored stays"""

    exit_code = ExitCode.INTERRUPTED
    hint = "run it again: it continues where it stopped"


class TerminatedPushError(InterruptedPushError):
    """terminated; what was stored stays"""

    exit_code = ExitCode.TERMINATED


def worst(codes: list[ExitCode]) -> ExitCode:
    """One exit code for several repositories: the common failure, or 1 when they failed in different ways.

    A repository that another push was busy with counts only where nothing else went wrong.
    """
    failures = {code for code in codes if code not in (ExitCode.DONE, ExitCode.ALREADY_RUNNING)}
    if len(failures) == 1:
        return failures.pop()
    if failures:
        return ExitCode.NOT_PUSHED
    return ExitCode.ALREADY_RUNNING if ExitCode.ALREADY_RUNNING in codes else ExitCode.DONE
