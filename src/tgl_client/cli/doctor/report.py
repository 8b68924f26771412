"""What belongs in a report of a problem: versions, folders, proxy, hooks. Nothing of it is a secret."""

import os
import platform
import sys
from pathlib import Path

from msgspec import Struct

from tgl_client.errors import TglError
from tgl_client.hooks import EVENTS, folder_of, state_of
from tgl_client.http.proxy import proxy_for
from tgl_client.settings.folders import cache_folder, config_folder, state_folder
from tgl_client.settings.login_file import login_path, read_login
from tgl_client.settings.settings import Settings
from tgl_history.errors import HistoryError
from tgl_history.hooks_folder import hooks_folder
from tgl_history.versions import versions
from tgl_protocol import __version__


class Fact(Struct, frozen=True):
    """A line of the report."""

    name: str
    value: str


def facts_of_machine() -> list[Fact]:
    """What is true whatever the settings say, which may be what is wrong."""
    folders = (("config folder", config_folder()), ("state folder", state_folder()), ("cache folder", cache_folder()))
    named = sorted(name for name in os.environ if name.startswith("TGL_") and os.environ[name])
    return [
        Fact("tgl", f"{__version__} ({sys.argv[0]})"),
        Fact("python", f"{platform.python_version()} ({sys.executable})"),
        Fact("system", platform.platform()),
        *(Fact(name, value) for name, value in versions().items()),
        *(Fact(name, _folder(path)) for name, path in folders),
        Fact("login", _login()),
        Fact("variables", ", ".join(named) or "none"),
    ]


def facts_of_settings(settings: Settings) -> list[Fact]:
    """The proxy on the way to the server, and the hooks of the repositories that are here."""
    paths = [each.path for each in settings.sources if each.path is not None]
    return [Fact("proxy", _proxy(settings)), *(Fact(f"hooks of {path}", _hooks(path)) for path in paths)]


def _folder(path: Path) -> str:
    if not path.exists():
        return f"{path} (not there yet)"
    return f"{path} ({'writable' if os.access(path, os.W_OK) else 'not writable'})"


def _login() -> str:
    try:
        servers = sorted(read_login(login_path()).keys)
    except TglError as error:
        return str(error)
    return f"{login_path()} (keys for {', '.join(servers) or 'no server'})"


def _proxy(settings: Settings) -> str:
    try:
        proxy = proxy_for(settings.server())
    except TglError as error:
        return str(error)
    return proxy.name if proxy else "none"


def _hooks(path: Path) -> str:
    try:
        folder = folder_of(hooks_folder(path))
        states = {event: state_of(folder.path / event, folder) for event in EVENTS}
    except (HistoryError, TglError) as error:
        return str(error)
    if len(set(states.values())) == 1:
        return f"{next(iter(states.values()))} in {folder.path}"
    return ", ".join(f"{event} {state}" for event, state in states.items())
