"""What `tgl login` does: ask, check offline, check with the server, store."""

import getpass
import os
import sys
from enum import Enum, auto
from urllib.parse import urlencode

from msgspec import Struct, structs

from tgl_client.cli.connect import checking_client
from tgl_client.cli.login.browser import open_page
from tgl_client.cli.login.choice import choose
from tgl_client.cli.login.device import key_by_device, key_name
from tgl_client.cli.running import run_command
from tgl_client.errors import AnswerError, ConfigError
from tgl_client.exit_codes import ExitCode
from tgl_client.http.address import ServerUrl, parse_server_url
from tgl_client.settings.login_file import Login, login_path, read_login, write_login
from tgl_client.terminal.output import note, print_json
from tgl_protocol.keys import parse_api_key
from tgl_protocol.projects import ProjectInfo


class Way(Enum):
    """How a key gets here: asked for, made on a page that is filled in, or approved in a browser elsewhere."""

    ASKED = auto()
    WEB = auto()
    DEVICE = auto()


class LoginDocument(Struct, frozen=True):
    """The JSON of `tgl login`; fields are added, never renamed."""

    url: str
    key_prefix: str
    project: str | None
    file: str


def log_in(url: str | None, project: str | None, way: Way, *, as_json: bool) -> ExitCode:
    """Store a key that the server accepts; keys of other servers stay."""
    path = login_path()
    known = read_login(path)
    server = parse_server_url(url or os.environ.get("TGL_URL") or known.url or _ask_url())
    key, is_new = _key(server, way)
    kept = known.project if server.base == known.url else None
    login = structs.replace(known, url=server.base, project=kept, keys={**known.keys, server.base: key})
    if is_new:  # nobody sees it a second time, whatever happens now
        write_login(path, login, but="the server made a key, but ")
    projects = run_command(_check(server, key))
    chosen = choose(projects, project, kept, "the key was stored" if is_new else "nothing was stored")
    login = structs.replace(login, project=chosen)
    write_login(path, login, but="the key is good, but ")
    _tell(login, key, as_json=as_json)
    return ExitCode.DONE


async def _check(server: ServerUrl, key: str) -> list[ProjectInfo] | None:
    """The projects that the key sees; None where it may not list them."""
    async with checking_client(server.base, key) as client:
        await client.capabilities()
        await client.check_key()
        try:
            return await client.projects()
        except AnswerError:
            return None


def _ask_url() -> str:
    if not sys.stdin.isatty():
        raise ConfigError("no server is named", hint="`tgl login https://league.example.com`")
    return input("Server address: ")


def _key(server: ServerUrl, way: Way) -> tuple[str, bool]:
    """The API key, and true if it was made for this login."""
    if way is not Way.DEVICE and (key := _read_key(server, way)):
        return key, False
    return key_by_device(server), True


def _read_key(server: ServerUrl, way: Way) -> str:
    """The API key, read from the terminal without echo, or from the first line of standard input.

    With `Way.WEB` the page that makes it is filled in for this machine, and opened where there is a screen. It is
    empty where somebody would rather log in by a browser.
    """
    is_asked = sys.stdin.isatty()
    if way is Way.WEB:
        page = new_key_page(server)
        note(f"Create a key at {page} and paste it here.")
        if open_page(page):
            note("The page opens in your browser.")
    elif is_asked:
        note(f"Press Enter to log in with a browser, or paste an API key of {server}/settings/keys.")
    key = getpass.getpass("API key: ") if is_asked else _first_line()
    if not key.strip() and not (is_asked and way is Way.ASKED):
        raise ConfigError("no API key was given", hint="paste it when asked, or pipe it into `tgl login`")
    return key.strip()


def new_key_page(server: ServerUrl) -> str:
    """The page that makes a key, filled in for a machine that pushes and reads."""
    wish = {"name": key_name(), "scopes": "sync:commits,read:repos", "expires": "90"}
    return f"{server}/settings/keys/new?{urlencode(wish)}"


def _first_line() -> str:
    """The first line of standard input; empty where it is closed or no text."""
    try:
        return sys.stdin.readline() if sys.stdin is not None else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _tell(login: Login, key: str, *, as_json: bool) -> None:
    prefix, path = parse_api_key(key).prefix, login_path()
    if as_json:
        print_json(LoginDocument(str(login.url), prefix, login.project, str(path)))
        return
    print(f"logged in to {login.url} with key {prefix}..., stored in {path}")
    if login.project:
        print(f"project: {login.project}; next: `tgl push` in a repository")
    else:
        print("next: `tgl projects`, then `tgl push --project SLUG` in a repository")
    if os.environ.get("TGL_API_KEY"):
        print("note: TGL_API_KEY is set and wins over the stored key", file=sys.stderr)
