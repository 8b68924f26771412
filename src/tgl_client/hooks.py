"""Git hooks that push in the background: writes our lines into a hook, finds them, and removes them.

The lines stand at the top of a hook, so that an `exit` or `exec` further down does not hide them, start a process of
its own, and cannot fail: a commit never waits for us and never fails because of us. They are plain shell, because
they run for each commit of a rebase: `tgl` starts once, when the commits are all there.
"""

import os
import re
import shlex
import stat
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

from msgspec import Struct

from tgl_client.errors import UsageError
from tgl_client.settings.files import replace_file, system_errors
from tgl_history.hooks_folder import HooksFolder

#: Commits arrive by these three; a push that finds nothing new costs one request.
EVENTS: Final = ("post-commit", "post-merge", "post-rewrite")

_BEGIN: Final = "# >>> tgl >>>"
_END: Final = "# <<< tgl <<<"
_WRITE_HINT: Final = "check free space, and who may write there"
_SHELLS = ("sh", "bash", "dash", "zsh", "ksh")

# Git runs hooks at the top of the worktree, so `$PWD` is the repository. `tgl-queued` holds the process that waits, and
# is ignored once that has ended, or after twenty minutes, as another process may have got its number by then.
# Several commits that are cherry-picked or reverted end in no hook of their own: the process waits for their last.
_BLOCK: Final = """\
# >>> tgl >>> written by `tgl hook install`, removed by `tgl hook uninstall`
( g=${GIT_DIR:-.git}; [ -d "$g" ] || g=$(git rev-parse --git-dir) || exit
  rebasing() { [ -d "$g/rebase-merge" ] || [ -e "$g/rebase-apply/rebasing" ]; }
  # A rebase ends with one post-rewrite; until then its commits are on no branch.
  [ "${1-}" = rebase ] || ! rebasing || exit
  # A push that is waiting takes this commit along.
  q=$g/tgl-queued; read -r p <"$q" && kill -0 "$p" && [ -z "$(find "$q" -mmin +20)" ] && exit
  { n=0; while sleep 1; [ $((n += 1)) -lt 60 ] && { rebasing || [ -d "$g/sequencer" ]; }; do :; done
    exec COMMAND hook runBRANCHES --queued "$q" "$PWD"; } &
  echo $! >"$q"
) </dev/null >/dev/null 2>&1 || true
# <<< tgl <<<
"""
_CALL: Final = re.compile(r"(?:exec|\() (?P<command>.+) hook run(?P<branches>.*?)(?: --queued \"\$q\")? \"\$PWD\"")


class HookState(StrEnum):
    """How our lines stand in one hook; stable words of the JSON output."""

    INSTALLED = "installed"
    MISSING = "missing"
    OUTDATED = "outdated"
    SWITCHED_OFF = "switched off"
    BROKEN = "broken"


class Folder(Struct, frozen=True):
    """Where hooks are written.

    `home` is the repository's own place, out of which no link may lead. In a folder that is `shared_by_commits` no hook
    names a path of this machine. `runs_all` is true where git does not look whether a hook is executable.
    """

    path: Path
    home: tuple[Path, ...]
    shared_by_commits: bool = False
    runs_all: bool = False


def folder_of(found: HooksFolder) -> Folder:
    """Where to write: husky 9 makes the files in `.husky/_` anew at each installation, and runs those in `.husky`."""
    is_husky = found.path.name == "_" and (found.path / "h").is_file()
    return Folder(
        found.path.parent if is_husky else found.path,
        home=found.home,
        shared_by_commits=found.in_worktree,
        runs_all=is_husky,
    )


def block(command: str, branches: Sequence[str] = ()) -> str:
    """Our lines for a hook."""
    chosen = "".join(f" {shlex.quote(f'--branch={each}')}" for each in branches)
    return _BLOCK.replace("COMMAND", shlex.quote(command)).replace("BRANCHES", chosen)


def with_block(script: str | None, command: str, branches: Sequence[str] = ()) -> str:
    """The hook with our lines below its first; raises `UsageError` when it is no shell script."""
    if script is None:
        return f"#!/bin/sh\n{block(command, branches)}"
    script = without_block(script)
    first, newline, rest = script.partition("\n")
    if not _is_shell(first):
        raise UsageError(
            f"it is no shell script (it begins with {first[:40]!r})",
            hint=f'run this from it, in the background: {command} hook run "$PWD"',
        )
    lines = block(command, branches)
    return f"{first}\n{lines}{rest}" if newline else f"{first}\n{lines}"


def without_block(script: str) -> str:
    """The hook without our lines."""
    start, found, rest = script.partition(_BEGIN)
    if not found:
        return script
    return start + rest.partition(f"{_END}\n")[2]


def has_block(script: str) -> bool:
    """True when our lines are in the hook."""
    return _BEGIN in script


def install(folder: Folder, command: str, branches: Sequence[str] = ()) -> list[Path]:
    """Put our lines into each hook, or into none: all are checked before the first is written."""
    scripts = {}
    for event in EVENTS:
        file = folder.path / event
        try:
            _check_place(file, folder)
            scripts[file] = with_block(_read(file), command, branches)
        except UsageError as error:
            raise UsageError(f"{file} was not changed: {error}", hint=error.hint) from None
    with system_errors(f"the folder of hooks {folder.path} cannot be made", hint=_WRITE_HINT):
        folder.path.mkdir(parents=True, exist_ok=True)
    for file, script in scripts.items():
        _write(file, script)
    return list(scripts)


def uninstall(folder: Folder) -> list[Path]:
    """Remove our lines; a hook that held nothing else is deleted, unless a link leads to it."""
    changed = []
    for event in EVENTS:
        file = folder.path / event
        script = _read(file)
        if script is None or not has_block(script):
            continue
        left = without_block(script)
        if left.strip() in ("", "#!/bin/sh") and not file.is_symlink():
            with system_errors(f"{file} cannot be deleted", hint=_WRITE_HINT):
                file.unlink()
        else:
            _write(file, left)
        changed.append(file)
    return changed


def state_of(file: Path, folder: Folder) -> HookState:
    """How our lines stand in this hook."""
    script = _read(file)
    if script is None or not has_block(script):
        return HookState.MISSING
    if not folder.runs_all and not os.access(file, os.X_OK):
        return HookState.SWITCHED_OFF
    ours = _BEGIN + script.partition(_BEGIN)[2].partition(_END)[0] + f"{_END}\n"
    called = _CALL.search(ours)
    if called is None:
        return HookState.BROKEN
    command = shlex.split(called["command"])[0]
    branches = _branches_in(called)
    if "/" in command and not os.access(command, os.X_OK):
        return HookState.BROKEN
    return HookState.INSTALLED if ours == block(command, branches) else HookState.OUTDATED


def branches_of(file: Path) -> list[str]:
    """The branch filters that our lines in this hook push with."""
    script = _read(file)
    called = _CALL.search(script) if script is not None and has_block(script) else None
    return _branches_in(called) if called is not None else []


def _branches_in(called: re.Match[str]) -> list[str]:
    return [each.removeprefix("--branch=") for each in shlex.split(called["branches"])]


def _check_place(file: Path, folder: Folder) -> None:
    """Refuses a hook that somebody switched off, and one that is a link to what is not this repository's alone."""
    if file.is_symlink():
        target = Path(os.path.realpath(file))
        if not target.exists():
            raise UsageError(f"it is a link to {target}, which does not exist", hint="delete the link")
        if not any(target.is_relative_to(place) for place in folder.home):
            raise UsageError(
                f"it is a link to {target}, which other repositories may share",
                hint="put a file in its place, or add the lines there by hand",
            )
    if file.exists() and not folder.runs_all and not os.access(file, os.X_OK):
        raise UsageError(
            "it is not executable, so git does not run it, and the lines in it would begin to run",
            hint=f"delete it, or switch it on: chmod +x {shlex.quote(str(file))}",
        )


def _is_shell(first_line: str) -> bool:
    """True for the first line of a shell script; a hook without `#!` is run by the shell."""
    if not first_line.startswith("#!"):
        return True
    words = first_line[2:].split()
    named = words[1] if len(words) > 1 and words[0].endswith("/env") else words[0] if words else ""
    return named.rpartition("/")[2] in _SHELLS


def _read(file: Path) -> str | None:
    with system_errors(f"the hook {file} cannot be read", hint="look at what it is"):
        # Bytes, as reading text would turn the line ends of others into our own.
        return file.read_bytes().decode("utf-8", "surrogateescape") if file.exists() else None


def _write(file: Path, script: str) -> None:
    """Replace a hook, or what it is a link to, in one step; git runs a new one only where it is executable."""
    with system_errors(f"the hook {file} cannot be written", hint=_WRITE_HINT):
        mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else 0o755
        replace_file(file, script.encode("utf-8", "surrogateescape"), mode=mode)
