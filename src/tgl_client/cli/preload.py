"""Imports a module in a thread of its own."""

from contextlib import suppress
from importlib import import_module
from threading import Thread


def preload(module: str) -> None:
    """Begin to import a module; whoever imports it next waits for the rest.

    Loading shared libraries and certificates waits without the interpreter's lock, so libgit2 and the HTTP stack
    load a little faster together than one after the other.
    """
    Thread(target=_import, args=(module,), name=f"import {module}").start()


def _import(module: str) -> None:
    with suppress(Exception):  # whoever needs it imports it again, and says what is wrong
        import_module(module)
