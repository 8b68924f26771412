"""Makes system calls of a `tgl` process fail, as a full disk, a read-only mount or a missing right would."""

import os
import resource
from pathlib import Path

#: Python's name of each call that changes the file system, as it tells them to audit hooks.
CALLS = ("open", "os.mkdir", "os.rename")

# What an audit hook raises, the call raises. A file that is only read is left alone.
_SITE = """
import os, sys

call, number, *places = os.environ["REFUSED"].split(os.pathsep)

def refuse(event, arguments):
    if event != call or (event == "open" and not writes(arguments)):
        return
    name = os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes)) else ""
    if os.path.abspath(name).startswith(tuple(places)):
        raise OSError(int(number), os.strerror(int(number)), name)

def writes(arguments):
    return bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))

sys.addaudithook(refuse)
"""


def refusing(folder: Path, call: str, number: int, *places: Path) -> dict[str, str]:
    """The environment of a process whose `call` fails with this errno below the places."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(_SITE)
    return {"PYTHONPATH": str(folder), "REFUSED": os.pathsep.join([call, str(number), *map(str, places)])}


def no_room() -> None:
    """Let every write to a file fail in this process, as on a full disk; for `preexec_fn`."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
