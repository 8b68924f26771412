"""The file that `tgl login` and `tgl config` write: server, a key for each server, usual project, other settings.

A key is only ever used for the address it was stored for, so that a `repos.yaml` in somebody's repository cannot
send it elsewhere.
"""

from pathlib import Path

import msgspec

from tgl_client.errors import ConfigError
from tgl_client.settings.files import others_can_read, replace_file, system_errors
from tgl_client.settings.folders import config_folder


class Login(msgspec.Struct, frozen=True, omit_defaults=True):
    """The content of the login file; empty before the first login."""

    url: str | None = None
    project: str | None = None
    keys: dict[str, str] = {}
    settings: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Login({self.url})"


def login_path() -> Path:
    """The path of the login file."""
    return config_folder() / "login.json"


def read_login(path: Path) -> Login:
    """The stored login; refuses a file that other users can read, as the key in it is no secret any more."""
    try:
        mode, content = path.stat().st_mode, path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return Login()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="run `tgl login` again") from error
    if others_can_read(mode):
        raise ConfigError(
            f"other users can read the API key in {path}",
            hint=f"`chmod 600 {path}`; if others use this machine, rotate the key as well",
        )
    try:
        return msgspec.json.decode(content, type=Login)
    except msgspec.MsgspecError:
        raise ConfigError(f"{path} is damaged", hint="delete it and run `tgl login` again") from None


def write_login(path: Path, login: Login, *, but: str = "") -> None:
    """Replace the login file in one step; from its first byte on, only its owner can read it.

    `but` begins the sentence of a failure.
    """
    with system_errors(
        f"{but}{path} cannot be written", hint="make that possible, or set TGL_URL and TGL_API_KEY and their like"
    ):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, msgspec.json.format(msgspec.json.encode(login), indent=2) + b"\n")
