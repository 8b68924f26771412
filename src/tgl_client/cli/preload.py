"""Loads a module beside the main thread."""

from importlib import import_module
from threading import Thread


def preload(module: str) -> None:
    """Begin to import; whoever imports it next waits for the rest.

    Loading shared libraries and certificates waits without the interpreter's lock, so libgit2 and the HTTP stack
    load a little faster together than one after the other.
    """
    Thread(target=import_module, args=(module,), name=f"import {module}").start()
