"""What `tgl hook` does."""

import os
import shutil
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from tgl_client import hooks
from tgl_client.errors import ExitCode, LocalRepositoryError, TglError, UsageError
from tgl_client.folders import state_folder
from tgl_client.history.errors import HistoryError
from tgl_client.history.hooks_folder import HooksFolder, hooks_folder
from tgl_client.output import print_json, print_problem

#: Nobody watches a hook's push, so it must end by itself.
TIME_LIMIT: Final = 900.0

_LOG_BYTES = 100_000


class HookDocument(Struct, frozen=True):
    """The JSON of `tgl hook install` and `uninstall`: the files that were changed."""

    changed: list[str]


def install_hooks(path: Path, *, as_json: bool) -> ExitCode:
    """Refuses where other repositories would run the hook too."""
    folder = _hooks_folder(path)
    if folder.shared:
        raise UsageError(
            f"core.hooksPath leads to {folder.path}, which other repositories may share",
            hint=f'run this from a hook there, in the background: {_command()} hook run "$PWD"',
        )
    _tell("installed", hooks.install(folder.path, _command()), as_json=as_json)
    return ExitCode.DONE


def uninstall_hooks(path: Path, *, as_json: bool) -> ExitCode:
    """Also where nothing was installed."""
    _tell("removed from", hooks.uninstall(_hooks_folder(path).path), as_json=as_json)
    return ExitCode.DONE


def run_detached(path: Path) -> ExitCode:
    """Push quietly, out of the reach of the terminal and of what git told its hook."""
    with suppress(OSError):
        os.setsid()
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    os.chdir(path)
    _write_to_log()
    from tgl_client.cli import push_command  # noqa: PLC0415 -- after the environment is what it should be
    from tgl_client.config import Flags  # noqa: PLC0415

    try:
        return push_command.push(Flags(paths=(Path(),), timeout=TIME_LIMIT), push_command.Wish(quiet=True))
    except TglError as error:
        print_problem(error)
        return error.exit_code


def _write_to_log() -> None:
    """From here on, stdout and stderr are a file that starts anew when it has grown."""
    file = state_folder() / "hook.log"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = not file.exists() or file.stat().st_size > _LOG_BYTES
    log = file.open("w" if fresh else "a", buffering=1, encoding="utf-8")
    sys.stdout = sys.stderr = log
    if fresh:
        print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC: problems of pushes from hooks follow")


def _hooks_folder(path: Path) -> HooksFolder:
    try:
        return hooks_folder(path)
    except HistoryError as error:
        raise LocalRepositoryError(str(error), hint=error.hint) from error


def _command() -> str:
    """The full path: a hook's PATH may be another, as in graphical clients."""
    beside = Path(sys.executable).with_name("tgl")
    return str(beside) if beside.exists() else shutil.which("tgl") or "tgl"


def _tell(act: str, files: list[Path], *, as_json: bool) -> None:
    if as_json:
        print_json(HookDocument([str(file) for file in files]))
        return
    for file in files:
        print(f"{act} {file}")
    if not files:
        print("nothing to do")
