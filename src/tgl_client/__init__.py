"""The `tgl` command, and the Python API that it is made of.

    async with Client("https://league.example.com", key) as client:
        report = await client.push(".", project="core", repo="api")

The names below are loaded when they are first asked for, so that `tgl --help` does not wait for an HTTP stack.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from tgl_protocol import __version__

if TYPE_CHECKING:
    from tgl_client.client import Client as Client
    from tgl_client.errors import TglError as TglError
    from tgl_client.pushing.options import PushOptions as PushOptions
    from tgl_client.report import PushReport as PushReport
    from tgl_client.terminal.progress import Progress as Progress

__all__ = ["Client", "Progress", "PushOptions", "PushReport", "TglError", "__version__"]

_HOMES = {
    "Client": "tgl_client.client",
    "Progress": "tgl_client.terminal.progress",
    "PushOptions": "tgl_client.pushing.options",
    "PushReport": "tgl_client.report",
    "TglError": "tgl_client.errors",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
