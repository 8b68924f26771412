"""The `tgl` command line: parse, call, print. Whatever a command needs is imported when it runs."""

import gc
import os
import sys
from contextlib import suppress

from tgl_client.terminal.streams import printable
from tgl_protocol import __version__


def main() -> None:
    """The console script. Starting and ending fast is part of the job: a Git hook calls this on every commit.

    Imports make no garbage worth collecting, and shutting the interpreter down costs as much as a request; together
    they were a third of a push that finds nothing new.
    """
    sys.stdout, sys.stderr = printable(sys.stdout), printable(sys.stderr)
    if sys.argv[1:] in (["--version"], ["-V"]):
        with suppress(OSError):
            print(f"tgl {__version__}", flush=True)
            return
        os._exit(1)
    gc.disable()
    from tgl_client.cli.app import run  # noqa: PLC0415 -- `--version` answers without the command line parser

    os._exit(run(sys.argv[1:]))
