"""The `tgl-server` command. Commands parse, call and print; the rules they apply live elsewhere."""

import gc
import importlib.util
import os
import sys
from contextlib import suppress

from tgl_protocol import __version__

_NEEDS = "typer", "litestar", "granian", "sqlalchemy", "asyncpg"
_INTERRUPTED = 130


def main() -> None:
    """The entry point; says where it runs, or what to install where only the client is installed."""
    if sys.platform == "win32":
        sys.exit(
            "error: tgl-server does not run on Windows\nhint: run it in WSL or in a container; tgl itself works here"
        )
    if any(importlib.util.find_spec(name) is None for name in _NEEDS):
        sys.exit("error: tgl-server is not installed here\nhint: pip install 'thegitleague[server]'")
    if sys.argv[1:] == ["--version"]:
        print(f"tgl-server {__version__}")
        return
    try:
        gc.disable()  # what modules make while they load stays: looking for garbage in it is a tenth of the start
        from tgl_server.cli.commands import run  # noqa: PLC0415 -- needs the extra

        gc.enable()
        run()
    except KeyboardInterrupt:  # while modules are loaded, or at the very end; Typer ends a running command the same way
        sys.exit(_INTERRUPTED)
    finally:
        _lose_unread_log()


def _lose_unread_log() -> None:
    """Let what is left of a log go that nobody reads: Python would end with status 120 for it, after a clean stop."""
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
