"""What `tgl logout` does: it takes keys out of the login file."""

import os

from msgspec import structs

from tgl_client.errors import ConfigError
from tgl_client.exit_codes import ExitCode
from tgl_client.http.address import parse_server_url
from tgl_client.settings.login_file import Login, login_path, read_login, write_login
from tgl_client.terminal.output import note


def log_out(url: str | None, *, every: bool) -> ExitCode:
    """Forget the key of one server, or all of them; raises `ConfigError` where there is none."""
    path = login_path()
    login = read_login(path)
    gone = _chosen(login, url, every=every)
    left = {server: key for server, key in login.keys.items() if server not in gone}
    is_current = login.url in gone
    write_login(
        path,
        structs.replace(
            login, url=None if is_current else login.url, project=None if is_current else login.project, keys=left
        ),
    )
    for server in gone:
        print(f"forgot the key for {server}; it stays valid until it is revoked at {server}/settings/keys")
    if os.environ.get("TGL_API_KEY"):
        note("note: TGL_API_KEY is set, and is still used")
    return ExitCode.DONE


def _chosen(login: Login, url: str | None, *, every: bool) -> list[str]:
    """The servers whose keys are to go."""
    if every:
        chosen = sorted(login.keys)
    else:
        server = parse_server_url(url).base if url else login.url
        chosen = [each for each in login.keys if server and parse_server_url(each).base == server]
    if not chosen:
        raise _nothing_to_forget(login, url or login.url)
    return chosen


def _nothing_to_forget(login: Login, server: str | None) -> ConfigError:
    """The error for a key that is not there; it names those that are."""
    others = ", ".join(sorted(login.keys))
    if not others:
        return ConfigError("no key is stored")
    hint = f"keys are stored for: {others}; name one, as in `tgl logout {min(login.keys)}`, or all with --all"
    return ConfigError(f"no key is stored for {server}" if server else "which server's key?", hint=hint)
