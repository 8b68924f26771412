"""The `tgl` command line: parse, call, print. Whatever a command needs is imported when it runs."""

import sys

from tgl_protocol import __version__


def main() -> None:
    """The console script; `--version` answers before the command line parser is loaded."""
    if sys.argv[1:] == ["--version"]:
        print(f"tgl {__version__}")
        return
    from tgl_client.cli.app import run  # noqa: PLC0415 -- see above

    sys.exit(run())
