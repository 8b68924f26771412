"""Run as a program of its own, between the server and git: its limits, and its end.

    python -I -S guard.py PARENT FILE_BYTES MEMORY_BYTES CPU_SECONDS PROGRAM ARGUMENT...

It starts git in a process group of its own. When the server's process dies, however it dies, or asks with SIGTERM, the
whole group is killed, and the guard ends only when every process below it has: git's helpers that fetch and unpack
would otherwise go on writing. On Linux; elsewhere a server that is killed leaves them to notice their closed pipes.

Standard library alone, as it starts without site-packages.
"""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from types import FrameType

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_NOT_FOUND = 127


def main() -> int:
    parent, *limits = (int(text) for text in sys.argv[1:5])
    command = sys.argv[5:]
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    _ask_kernel(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before we could ask
        return 1
    _ask_kernel(_PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        _become(command, limits)

    def kill(_: int, __: FrameType | None) -> None:
        _kill_group(child)

    signal.signal(signal.SIGTERM, kill)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    return _wait_for_all(child)


def _ask_kernel(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _become(command: list[str], limits: list[int]) -> None:
    """Turn into the program; never returns."""
    try:
        os.setpgid(0, 0)
        _ask_kernel(_PR_SET_PDEATHSIG, signal.SIGKILL)
        kinds = (resource.RLIMIT_FSIZE, resource.RLIMIT_AS, resource.RLIMIT_CPU)
        for kind, limit in zip(kinds, limits, strict=True):
            _lower(kind, limit)
        _lower(resource.RLIMIT_CORE, 0)
        # Python ignores these two, and what is ignored stays so in the program. A write over the limit is then an error
        # that git reports; killed by the signal, it would say nothing.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        os.execv(command[0], command)  # noqa: S606 -- without a shell
    finally:
        os._exit(_NOT_FOUND)


def _lower(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    with suppress(ValueError, OSError):  # macOS knows RLIMIT_AS and refuses to set it
        resource.setrlimit(kind, (most, most))


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(leader, signal.SIGKILL)  # it may not have made its group yet


def _wait_for_all(child: int) -> int:
    """The program's exit status, once all processes below us are gone."""
    status = 0
    while True:
        try:
            done, how = os.wait()
        except ChildProcessError:
            return status
        if done == child:
            status = os.waitstatus_to_exitcode(how) & 0xFF
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)


if __name__ == "__main__":
    os._exit(main())
