"""The `tgl` command line: parse, call, print. Whatever a command needs is imported when it runs."""

import gc
import os
import sys

from tgl_protocol import __version__


def main() -> None:
    """The console script. Starting and ending fast is part of the job: a Git hook calls this on every commit.

    Imports make no garbage worth looking for, and taking the interpreter apart at the end costs as much as a
    request; together they were a third of a push that finds nothing new.
    """
    if sys.argv[1:] == ["--version"]:
        print(f"tgl {__version__}")
        return
    gc.disable()
    from tgl_client.cli.app import run  # noqa: PLC0415 -- `--version` answers without the command line parser

    code = run(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
