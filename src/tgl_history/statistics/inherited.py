"""What a counting process inherits of our environment: a list of names, as a server's environment holds its secrets."""

import os
from collections.abc import Mapping

# What programs and their libraries need to be found and to start, on Unix, on macOS and on Windows.
_NAMES = frozenset(
    {
        *("PATH", "PATHEXT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "DEVELOPER_DIR"),
        *("NIX_LD", "NIX_LD_LIBRARY_PATH", "TMPDIR", "TMP", "TEMP", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PROGRAMDATA", "PROGRAMFILES", "USERPROFILE"),
    }
)
# Where Python finds its modules, and what measures the coverage of processes that tests start.
_PYTHON = ("PYTHON", "COVERAGE_")


def inherited(environ: Mapping[str, str] = os.environ, *, python: bool = False) -> dict[str, str]:
    """The variables that a child may see; with `python`, Python's own as well."""
    prefixes = _PYTHON if python else ()
    return {
        name: value for name, value in environ.items() if name.upper() in _NAMES or name.upper().startswith(prefixes)
    }
