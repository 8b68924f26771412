"""Git hooks that push in the background: writing our lines into a hook and taking them out again.

The lines stand at the top of a hook, so that an `exit` or `exec` further down does not hide them, start a process of
its own, and cannot fail: a commit never waits for us and never fails because of us.
"""

import shlex
import stat
from pathlib import Path
from typing import Final

from tgl_client.errors import UsageError

#: A commit arrives by these three; a push that finds nothing new costs one request.
EVENTS: Final = ("post-commit", "post-merge", "post-rewrite")

_BEGIN: Final = "# >>> tgl >>>"
_END: Final = "# <<< tgl <<<"
_SHELLS = ("sh", "bash", "dash", "zsh", "ksh")


def block(command: str) -> str:
    """Our lines. The repository is where git runs its hooks: the top of the worktree."""
    return (
        f"{_BEGIN} written by `tgl hook install`, removed by `tgl hook uninstall`\n"
        f'( {shlex.quote(command)} hook run "$PWD" </dev/null >/dev/null 2>&1 & ) || true\n'
        f"{_END}\n"
    )


def with_block(script: str | None, command: str) -> str:
    """The hook with our lines below its first; raises `UsageError` when it is no shell script."""
    if script is None:
        return f"#!/bin/sh\n{block(command)}"
    script = without_block(script)
    first, newline, rest = script.partition("\n")
    if not _is_shell(first):
        raise UsageError(
            f"it is no shell script (it begins with {first[:40]!r})",
            hint=f'run this from it, in the background: {command} hook run "$PWD"',
        )
    return f"{first}\n{block(command)}{rest}" if newline else f"{first}\n{block(command)}"


def without_block(script: str) -> str:
    """The hook as it was."""
    start, found, rest = script.partition(_BEGIN)
    if not found:
        return script
    return start + rest.partition(f"{_END}\n")[2]


def has_block(script: str) -> bool:
    """Whether our lines are there."""
    return _BEGIN in script


def install(folder: Path, command: str) -> list[Path]:
    """Put our lines into each hook, or into none: all are checked before the first is written."""
    scripts = {}
    for event in EVENTS:
        file = folder / event
        try:
            scripts[file] = with_block(_read(file), command)
        except UsageError as error:
            raise UsageError(f"{file} was not changed: {error}", hint=error.hint) from None
    folder.mkdir(parents=True, exist_ok=True)
    for file, script in scripts.items():
        _write(file, script)
    return list(scripts)


def uninstall(folder: Path) -> list[Path]:
    """Take our lines out; a hook that held nothing else goes."""
    changed = []
    for event in EVENTS:
        file = folder / event
        script = _read(file)
        if script is None or not has_block(script):
            continue
        left = without_block(script)
        if left.strip() in ("", "#!/bin/sh"):
            file.unlink()
        else:
            _write(file, left)
        changed.append(file)
    return changed


def _is_shell(first_line: str) -> bool:
    """A hook without `#!` is run by the shell."""
    if not first_line.startswith("#!"):
        return True
    words = first_line[2:].split()
    named = words[1] if len(words) > 1 and words[0].endswith("/env") else words[0] if words else ""
    return named.rpartition("/")[2] in _SHELLS


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else None


def _write(file: Path, script: str) -> None:
    """In one step, and executable: git ignores hooks that are not."""
    temporary = file.with_name(f".{file.name}.tgl")
    temporary.write_text(script, encoding="utf-8", errors="surrogateescape")
    mode = file.stat().st_mode if file.exists() else 0o644
    temporary.chmod(stat.S_IMODE(mode) | 0o111)
    temporary.replace(file)
