"""What `tgl hook install`, `uninstall` and `status` do."""

import os
import shutil
import sys
from pathlib import Path

from msgspec import Struct

from tgl_client import hooks
from tgl_client.cli.doctor.act import Check, failures, state_folder_check
from tgl_client.cli.hook.log import last_line, log_path
from tgl_client.cli.running import run_command
from tgl_client.errors import LocalRepositoryError, TglError, UsageError
from tgl_client.exit_codes import ExitCode
from tgl_client.hooks import HookState, folder_of
from tgl_client.settings.files import system_errors
from tgl_client.settings.flags import Flags
from tgl_client.settings.load import load
from tgl_client.terminal.output import note, print_json, print_warning
from tgl_history.errors import HistoryError
from tgl_history.hooks_folder import HooksFolder, hooks_folder


class HookDocument(Struct, frozen=True):
    """The JSON of `tgl hook install` and `uninstall`: the files that were changed, and what stops a push for now."""

    changed: list[str]
    problems: list[Check] = []


class HookFile(Struct, frozen=True):
    """One hook of the repository, and the branch filters that it pushes with."""

    event: str
    file: str
    state: HookState
    branches: list[str] = []


class HookStatusDocument(Struct, frozen=True):
    """The JSON of `tgl hook status`; `last` is the latest line of the log about the repository.

    `problems` say why there is no log.
    """

    is_installed: bool
    hooks: list[HookFile]
    log: str
    last: str | None
    problems: list[Check] = []


def install_hooks(path: Path, branches: tuple[str, ...], *, as_json: bool) -> ExitCode:
    """Write the hooks of a repository, and say whether a push out of them would succeed.

    Refuses where other repositories would run them too.
    """
    found = _hooks_folder(path)
    if found.shared:
        raise UsageError(
            f"the hooks are in {found.path}, which other repositories may share",
            hint=f'run this from a hook there, in the background: {_command()} hook run "$PWD"',
        )
    folder = folder_of(found)
    changed = hooks.install(folder, "tgl" if folder.shared_by_commits else _command(), branches)
    problems = _what_stops_a_push(found.home[0], branches)
    if as_json:
        print_json(HookDocument([str(file) for file in changed], problems))
        return ExitCode.DONE
    _tell("installed", changed)
    if folder.shared_by_commits:
        note(
            "note: these hooks are files of the repository; they push for everybody who has them and `tgl` on the PATH"
        )
    for problem in problems:
        # Without its state folder a push only runs without a lock, as the hint says.
        consequence = "" if problem.name == "state folder" else "a push would fail for now: "
        print_warning(f"{consequence}{problem.name}: {problem.detail}", problem.hint)
    if not problems:
        print("a push from here would succeed")
    return ExitCode.DONE


def uninstall_hooks(path: Path, *, as_json: bool) -> ExitCode:
    """Remove our lines from the hooks of a repository, where there are any."""
    changed = hooks.uninstall(folder_of(_hooks_folder(path)))
    if as_json:
        print_json(HookDocument([str(file) for file in changed]))
    else:
        _tell("removed from", changed)
    return ExitCode.DONE


def show_hooks(path: Path, *, as_json: bool) -> ExitCode:
    """Print how our lines stand in each hook, and how the latest push out of one went."""
    found = _hooks_folder(path)
    folder = folder_of(found)
    files = [
        HookFile(event, str(file), hooks.state_of(file, folder), hooks.branches_of(file))
        for event, file in ((event, folder.path / event) for event in hooks.EVENTS)
    ]
    is_installed = all(each.state is HookState.INSTALLED for each in files)
    folder_check = state_folder_check()
    document = HookStatusDocument(
        is_installed, files, str(log_path()), last_line(found.home[0]), [] if folder_check.ok else [folder_check]
    )
    if as_json:
        print_json(document)
        return ExitCode.DONE
    for each in files:
        only = f"  (only {', '.join(each.branches)})" if each.branches else ""
        print(f"{each.event:<12}  {each.state:<12}  {each.file}{only}")
    print(f"log: {document.log}")
    print(f"last: {document.last}" if document.last else "last: no push from a hook yet")
    for problem in document.problems:
        print_warning(f"no push from a hook is logged: {problem.detail}", problem.hint)
    if not is_installed:
        note("hint: `tgl hook install` writes them anew; it leaves alone what is switched off")
    return ExitCode.DONE


def _what_stops_a_push(top: Path, branches: tuple[str, ...]) -> list[Check]:
    """The checks of `tgl test` that fail where the hook will run; there may be no network yet, or no login."""
    with system_errors(f"{top} cannot be entered"):
        os.chdir(top)
    try:
        return run_command(failures(load(Flags(paths=(Path(),), branches=branches))))
    except TglError as error:
        return [Check("settings", False, str(error), error.hint, error.exit_code)]


def _hooks_folder(path: Path) -> HooksFolder:
    try:
        return hooks_folder(path)
    except HistoryError as error:
        raise LocalRepositoryError(str(error), hint=error.hint) from error


def _command() -> str:
    """The full path of `tgl`: a hook's PATH may be another, as in graphical clients."""
    beside = [Path(sys.executable).with_name(name) for name in ("tgl", "tgl.exe")]
    found = next((each for each in beside if each.exists()), None) or shutil.which("tgl")
    return Path(found).as_posix() if found else "tgl"  # with slashes, as hooks are run by a shell


def _tell(act: str, files: list[Path]) -> None:
    for file in files:
        print(f"{act} {file}")
    if not files:
        print("nothing to do")
