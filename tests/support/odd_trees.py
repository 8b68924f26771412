"""Changes that engines count differently if they are not careful: each a short linear history."""

from pathlib import Path
from typing import NamedTuple

from tests.support.repositories import imported

FILE, SCRIPT, LINK, MODULE = "100644", "100755", "120000", "160000"


class Entry(NamedTuple):
    """A file with an unusual mode; for a submodule `content` is the commit it points to."""

    mode: str
    content: bytes


Change = bytes | Entry | None
#: One commit: what each path becomes; None deletes it.
Step = dict[str, Change]


def _numbered(word: bytes, count: int) -> bytes:
    return b"".join(b"%s %d\n" % (word, number) for number in range(count))


_LINES = _numbered(b"line", 40)
_EDITED = _LINES.replace(b"line 7\n", b"changed\n")
_HALF = _LINES[: len(_LINES) // 4] + _numbered(b"other", 60)
_BINARY = bytes(range(256)) * 8
_ONE, _TWO = b"1" * 40, b"2" * 40

STEPS: dict[str, list[Step]] = {
    "an exact rename": [{"a": _LINES}, {"a": None, "b": _LINES}],
    "a rename with an edit": [{"a": _LINES}, {"a": None, "b": _EDITED}],
    "a rename into a folder": [{"a": _LINES}, {"a": None, "dir/sub/a": _EDITED}],
    "a rename by case only": [{"readme": _LINES}, {"readme": None, "README": _EDITED}],
    "too different for a rename": [{"a": _LINES}, {"a": None, "b": _HALF}],
    "two files swapped": [{"a": _LINES, "b": _HALF}, {"a": _HALF, "b": _LINES}],
    "a copy": [{"a": _LINES}, {"b": _LINES}],
    "a copy of a changed file": [{"a": _LINES}, {"a": _EDITED, "b": _LINES}],
    "one file renamed to two": [{"a": _LINES}, {"a": None, "b": _LINES, "c": _EDITED}],
    "two equal files renamed": [{"a": _LINES, "b": _LINES}, {"a": None, "b": None, "c": _LINES, "d": _LINES}],
    "a renamed empty file": [{"a": b""}, {"a": None, "b": b""}],
    "a rewrite in place": [{"a": _LINES}, {"a": _BINARY.hex().encode()}],
    "an executable bit": [{"a": _LINES}, {"a": Entry(SCRIPT, _LINES)}],
    "a rename with an executable bit": [{"a": _LINES}, {"a": None, "b": Entry(SCRIPT, _LINES)}],
    "a symbolic link": [{"a": Entry(LINK, b"target")}, {"a": Entry(LINK, b"elsewhere")}, {"a": None}],
    "a renamed symbolic link": [{"a": Entry(LINK, b"target")}, {"a": None, "b": Entry(LINK, b"target")}],
    "a file becomes a link": [{"a": _LINES}, {"a": Entry(LINK, b"target")}, {"a": _LINES}],
    "a file becomes a folder": [{"a": _LINES}, {"a": None, "a/b": _LINES}, {"a/b": None, "a": _EDITED}],
    "a file becomes a submodule": [{"a": _LINES}, {"a": Entry(MODULE, _ONE)}, {"a": _LINES}],
    "a submodule": [{"x": b"", "m": Entry(MODULE, _ONE)}, {"m": Entry(MODULE, _TWO)}, {"m": None}],
    "a renamed submodule": [{"m": Entry(MODULE, _ONE)}, {"m": None, "n": Entry(MODULE, _ONE)}],
    "a binary file": [{"a": _BINARY}, {"a": _BINARY + b"more"}, {"a": None}],
    "a renamed binary file": [{"a": _BINARY}, {"a": None, "b": _BINARY}],
    "text becomes binary": [{"a": _LINES}, {"a": _BINARY}, {"a": _LINES}],
    "a NUL far into a text": [{"a": _LINES * 30 + b"\0\n"}, {"a": _LINES * 30 + b"\0\n\n"}],
    "an empty file": [{"a": b""}, {"a": b"x"}, {"a": b""}, {"a": None}],
    "no newline at the end": [{"a": b"x\ny"}, {"a": b"x\ny\n"}, {"a": b"x\ny\nz"}],
    "carriage returns": [{"a": b"x\r\ny\r\n"}, {"a": b"x\ny\r\n"}, {"a": b"x\ry\r"}],
    "many equal lines": [{"a": b"}\n" * 300}, {"a": b"{\n" + b"}\n" * 290 + b"{\n"}],
    "a moved block": [{"a": _LINES + _HALF}, {"a": _HALF + _LINES}],
    "a commit without a change": [{"a": _LINES}, {}],
    "file names in Latin-1 and with a newline": [
        {'"caf\\351"': _LINES},
        {'"caf\\351"': None, '"two\\nlines"': _EDITED},
    ],
    "a file that carries attributes": [
        {".gitattributes": b"*.txt -diff\n*.c binary\n", "a.txt": _LINES, "b.c": _LINES},
        {"a.txt": _EDITED, "b.c": _EDITED},
    ],
    "a thousand files at once": [{f"f{number}": b"%d\n" % number for number in range(1000)}],
    "a link with the content of the file": [{"a": b"target"}, {"a": Entry(LINK, b"target")}],
    "a rename that keeps half the lines": [
        {"a": _numbered(b"line", 20)},
        {"a": None, "b": _numbered(b"line", 10) + _numbered(b"other", 10)},
    ],
    "renames past the limit": [
        {f"old/{number}": b"%d\n" % number * 9 for number in range(1010)},
        {
            **{f"old/{number}": None for number in range(1010)},
            **{f"new/{number}": b"%d\n" % number * 10 for number in range(1010)},
        },
    ],
}

#: Where libgit2 differs from git by nature; docs/subsystems/history.md says why.
PYGIT2_DIFFERS = {
    "a renamed symbolic link",
    "a renamed submodule",
    "a rename that keeps half the lines",
    "renames past the limit",
}


def odd_repository(path: Path) -> Path:
    """A repository of all odd trees, each on a branch of its own: `refs/heads/<its number>`."""
    return imported(path, (_commit(branch, step) for branch, steps in enumerate(STEPS.values()) for step in steps))


def _commit(branch: int, step: Step) -> bytes:
    head = f"commit refs/heads/{branch}\ncommitter C <c@example.com> {branch} +0000\ndata 0\n".encode()
    # Deletions first: fast-import refuses a folder where a file still is.
    ordered = sorted(step.items(), key=lambda change: change[1] is not None)
    return head + b"".join(_operation(name, change) for name, change in ordered) + b"\n"


def _operation(name: str, change: Change) -> bytes:
    if change is None:
        return f"D {name}\n".encode()
    mode, content = change if isinstance(change, Entry) else (FILE, change)
    if mode == MODULE:
        return f"M {mode} {content.decode()} {name}\n".encode()
    return f"M {mode} inline {name}\ndata {len(content)}\n".encode() + content + b"\n"
