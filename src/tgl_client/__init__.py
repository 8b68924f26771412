"""The `tgl` command, and the library that it is made of.

    async with Client("https://league.example.com", key) as client:
        report = await client.push(".", project="core", repo="api")

The names below are loaded when they are first asked for, so that `tgl --help` does not wait for an HTTP stack.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tgl_client.client import Client as Client
    from tgl_client.errors import TglError as TglError
    from tgl_client.push import PushOptions as PushOptions
    from tgl_client.report import PushReport as PushReport

_HOMES = {
    "Client": "tgl_client.client",
    "PushOptions": "tgl_client.push",
    "PushReport": "tgl_client.report",
    "TglError": "tgl_client.errors",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
