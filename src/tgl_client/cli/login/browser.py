"""Opens a page in the browser of whoever sits at this terminal, where there is one to open it."""

import os
import sys
import webbrowser
from collections.abc import Mapping
from contextlib import suppress

#: What is set where nobody looks at the screen of this machine: CI, and a shell from elsewhere.
_AWAY = ("CI", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")


def open_page(address: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Open the address; False where nobody would see it, or there is no browser but one of the terminal."""
    if not is_at_screen(environ):
        return False
    with suppress(webbrowser.Error, OSError):
        browser = webbrowser.get()
        # Of its classes this one alone waits in the terminal, as lynx and w3m do, where we ask ourselves.
        if environ.get("BROWSER") or type(browser) is not webbrowser.GenericBrowser:
            return browser.open(address)
    return False


def is_at_screen(environ: Mapping[str, str]) -> bool:
    """True for a terminal on a machine with a screen."""
    if any(environ.get(name) for name in _AWAY) or not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return sys.platform in ("win32", "darwin") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
