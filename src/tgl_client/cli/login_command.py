"""What `tgl login` does: ask, check offline, check with the server, store."""

import getpass
import os
import sys

from msgspec import Struct, structs

from tgl_client.address import ServerUrl, parse_server_url
from tgl_client.cli.running import run_command
from tgl_client.client import Client
from tgl_client.errors import ConfigError, ExitCode
from tgl_client.login_file import Login, login_path, read_login, write_login
from tgl_client.output import print_json
from tgl_protocol.keys import parse_api_key


class LoginDocument(Struct, frozen=True):
    """The JSON of `tgl login`; fields are added, never renamed."""

    url: str
    key_prefix: str
    project: str | None
    file: str


def log_in(url: str | None, project: str | None, *, as_json: bool) -> ExitCode:
    """Store a key that the server accepts; keys of other servers stay."""
    path = login_path()
    known = read_login(path)
    server = parse_server_url(url or os.environ.get("TGL_URL") or known.url or _ask_url())
    key = _read_key(server)
    run_command(_check(server, key))
    login = structs.replace(
        known, url=server.base, project=project or known.project, keys={**known.keys, server.base: key}
    )
    write_login(path, login)
    _tell(login, key, as_json=as_json)
    return ExitCode.DONE


async def _check(server: ServerUrl, key: str) -> None:
    async with Client(server.base, key) as client:
        await client.capabilities()
        await client.check_key()


def _ask_url() -> str:
    if not sys.stdin.isatty():
        raise ConfigError("no server is named", hint="`tgl login https://league.example.com`")
    return input("Server address: ")


def _read_key(server: ServerUrl) -> str:
    """From the terminal without echo, or the first line of standard input."""
    if sys.stdin.isatty():
        print(f"Create a key at {server} under Settings > API keys.", file=sys.stderr)
        key = getpass.getpass("API key: ")
    else:
        key = sys.stdin.readline()
    if not key.strip():
        raise ConfigError("no API key was given", hint="paste it when asked, or pipe it into `tgl login`")
    return key.strip()


def _tell(login: Login, key: str, *, as_json: bool) -> None:
    prefix, path = parse_api_key(key).prefix, login_path()
    if as_json:
        print_json(LoginDocument(str(login.url), prefix, login.project, str(path)))
        return
    print(f"logged in to {login.url} with key {prefix}..., stored in {path}")
    if os.environ.get("TGL_API_KEY"):
        print("note: TGL_API_KEY is set and wins over the stored key", file=sys.stderr)
