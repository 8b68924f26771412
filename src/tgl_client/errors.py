"""Everything that `tgl` can fail with; each error is one sentence, with a hint and an exit code.

TglError                      1  something was not pushed
  UsageError                  2  usage or configuration
    ConfigError                  a value in a file, the environment or a flag
    InsecureUrlError             a key would travel unencrypted
    LocalRepositoryError         the Git repository cannot be read
      RemoteRefusedError      3  its remote refuses the credentials
      RemoteUnreachableError  4  its remote cannot be reached
    UnknownTargetError           the server does not know the project or repository
    WrongSyncMethodError         the repository is not fed by pushing
    ForeignHistoryError          the server has another history in that repository
  AuthenticationError         3  the server wants another key
    NotAllowedError              the key is good, but not for this
  NetworkError                4  no usable answer
    UnreachableError             no connection, TLS failure, time-out, cut connection, a proxy that refuses
    ServerFaultError             5xx, also after all retries
    RateLimitedError             429, for longer than we wait
    UnexpectedAnswerError        whatever answered is not a TheGitLeague server
  RefusedError                1  any other 4xx
    TooLargeError                413; the batch is split
  IncompletePushError         1  some commits were not pushed
  SystemRefusalError          1  the operating system refused: a full disk, a folder that cannot be written
  TimeLimitError              1  `--timeout` was over; 4 if it was spent on a server that gave no answer
  AlreadyRunningError        75  another push of this repository holds the lock
  InterruptedPushError      130  Ctrl-C
    TerminatedPushError     143  SIGTERM
"""

import re

from tgl_client.exit_codes import ExitCode
from tgl_client.report import PushReport
from tgl_protocol.problem import FieldError


class TglError(Exception):
    """The command could not finish. `report` tells how far a push came, where one had begun."""

    exit_code: ExitCode = ExitCode.NOT_PUSHED
    hint: str | None = None
    report: PushReport | None = None

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or self.__doc__)
        if hint is not None:
            self.hint = hint

    @property
    def word(self) -> str:
        """The kind of failure as a stable word for programs, such as `unreachable`."""
        return re.sub("(?<=[a-z])(?=[A-Z])", "_", type(self).__name__.removesuffix("Error")).lower()


class UsageError(TglError):
    """The command was called in a wrong way."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """A setting is missing or wrong."""


class InsecureUrlError(UsageError):
    """An API key is not sent over plain http."""

    hint = "use an https:// address; plain http is for loopback only"


class LocalRepositoryError(UsageError):
    """This Git repository cannot be read."""


class RemoteRefusedError(LocalRepositoryError):
    """The Git remote refuses the credentials."""

    exit_code = ExitCode.AUTHENTICATION


class RemoteUnreachableError(LocalRepositoryError):
    """The Git remote cannot be reached."""

    exit_code = ExitCode.NETWORK


class AnswerError(TglError):
    """The server answered with an error: its status, code and listed problems, and how long to wait."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        code: str | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.errors = errors
        self.retry_after = retry_after

    @property
    def word(self) -> str:
        """The server's code where it gave one."""
        return self.code or super().word


class UnknownTargetError(AnswerError, UsageError):
    """The server knows no such project or repository, or this key may not see it."""

    hint = "`tgl projects` and `tgl repos` list what this key sees; nothing else exists for it"


class WrongSyncMethodError(AnswerError, UsageError):
    """The server does not expect pushes for this repository."""

    hint = "ask whoever runs the server to let the repository take pushes (its sync_method: push_client)"


class ForeignHistoryError(UsageError):
    """The history shares no commit with what the repository has on the server; `question` asks whether to join them."""

    def __init__(self, message: str, *, hint: str, question: str) -> None:
        super().__init__(message, hint=hint)
        self.question = question


class AuthenticationError(AnswerError):
    """The server refused this API key."""

    exit_code = ExitCode.AUTHENTICATION
    hint = "create a new key on the page `/settings/keys` of the server, then `tgl login`"


class NotAllowedError(AuthenticationError):
    """This API key may not do that."""

    hint = "`tgl projects` shows what you may do in each project"


class NetworkError(AnswerError):
    """The server gave no usable answer."""

    exit_code = ExitCode.NETWORK


class UnreachableError(NetworkError):
    """The server, or the proxy on the way to it, cannot be reached."""

    hint = "check the address and the network, then run it again"

    def __init__(
        self, message: str, *, hint: str | None = None, status: int | None = None, is_permanent: bool = False
    ) -> None:
        super().__init__(message, hint=hint, status=status)
        #: True where another try cannot end differently, as with a bad certificate.
        self.is_permanent = is_permanent


class ServerFaultError(NetworkError):
    """The server failed."""

    hint = "run it again later"


class RateLimitedError(NetworkError):
    """The server accepts no more requests from here for now."""

    hint = "run it again later"


class UnexpectedAnswerError(NetworkError):
    """Whatever answered is not a TheGitLeague server."""

    hint = "check the address, and proxies or sign-in pages in between"


class RefusedError(AnswerError):
    """The server refused the request."""


class TooLargeError(RefusedError):
    """The request is too large for the server or a proxy before it."""


class IncompletePushError(TglError):
    """Some commits were not pushed."""


class SystemRefusalError(TglError):
    """The operating system refused something: a full disk, a folder that cannot be written."""

    hint = "check free space, and who may write there; TGL_HOME names another folder for the files of tgl"


class TimeLimitError(TglError):
    """the time limit was over before everything was pushed"""

    hint = "run it again, or raise --timeout"

    @classmethod
    def caused_by(cls, fault: TglError) -> "TimeLimitError":
        """The error where the time was spent on a server without an answer: that is what is to be looked at."""
        error = cls(f"{cls.__doc__}: {fault}", hint=fault.hint)
        error.exit_code = ExitCode.NETWORK
        return error


class AlreadyRunningError(TglError):
    """Another push of this repository is running."""

    exit_code = ExitCode.ALREADY_RUNNING


class InterruptedPushError(TglError):
    """interrupted"""

    exit_code = ExitCode.INTERRUPTED


class TerminatedPushError(InterruptedPushError):
    """terminated"""

    exit_code = ExitCode.TERMINATED
