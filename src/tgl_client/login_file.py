"""What `tgl login` remembers: the server, a key for each server, and the usual project.

A key is only ever used for the address it was stored for, so that a `repos.yaml` in somebody's repository cannot
lead it elsewhere.
"""

import os
import tempfile
from pathlib import Path

import msgspec

from tgl_client.errors import ConfigError
from tgl_client.folders import config_folder


class Login(msgspec.Struct, frozen=True, omit_defaults=True):
    """The content of the login file; empty before the first login."""

    url: str | None = None
    project: str | None = None
    keys: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Login({self.url})"


def login_path() -> Path:
    """Where the login is kept."""
    return config_folder() / "login.json"


def read_login(path: Path) -> Login:
    """The stored login; refuses a file that other users can read, as the key in it is no secret any more."""
    try:
        mode, content = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError:
        return Login()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="run `tgl login` again") from error
    if os.name == "posix" and mode & 0o077:
        raise ConfigError(
            f"other users can read the API key in {path}",
            hint=f"`chmod 600 {path}`; if others use this machine, rotate the key as well",
        )
    try:
        return msgspec.json.decode(content, type=Login)
    except msgspec.MsgspecError:
        raise ConfigError(f"{path} is damaged", hint="delete it and run `tgl login` again") from None


def write_login(path: Path, login: Login) -> None:
    """Replaces the file in one step; it is readable for its owner only from the first byte on."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".login-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(login), indent=2) + b"\n")
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
