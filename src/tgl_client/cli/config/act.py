"""What `tgl config` does: it shows settings with their origins, and keeps some in the login file."""

import difflib
import os
from typing import Final

from msgspec import Struct, structs

from tgl_client.errors import UsageError
from tgl_client.exit_codes import ExitCode
from tgl_client.http.address import parse_server_url
from tgl_client.settings.flags import Flags
from tgl_client.settings.load import load, resolve
from tgl_client.settings.login_file import Login, login_path, read_login, write_login
from tgl_client.settings.origins import OriginLine, origins_of
from tgl_client.terminal.output import note, print_json
from tgl_client.terminal.words import table

#: What can be kept: names of `tgl config list`, but for the key, which `tgl login` checks first.
KEPT: Final = ("url", "project", "batch_size", "max_retries", "timeout", "jobs", "engine", "update_notice")

_CHOICES: Final = {"engine": ("git", "pygit2"), "update_notice": ("on", "off")}


class ConfigDocument(Struct, frozen=True):
    """The JSON of `tgl config list`; fields are added, never renamed."""

    settings: list[OriginLine]


def show_all(*, as_json: bool) -> ExitCode:
    """Print a line for each setting and each repository."""
    lines = origins_of(load(Flags(), needs_repository=False))
    if as_json:
        print_json(ConfigDocument(lines))
    else:
        print("\n".join(table([[line.setting, line.value, f"({line.origin})"] for line in lines])))
    return ExitCode.DONE


def show_one(name: str) -> ExitCode:
    """Print the value of one setting; of the key its prefix."""
    found = origins_of(load(Flags(), needs_repository=False))
    lines = {line.setting: line.value for line in found if line.setting != "repository"}
    if name not in lines:
        raise _unknown(name, tuple(lines))
    print("" if lines[name] == "-" else lines[name])
    return ExitCode.DONE


def keep(name: str, value: str) -> ExitCode:
    """Store a setting after looking at its value; raises `UsageError`."""
    login = read_login(login_path())
    changed = _with(login, name, value)
    # Numbers are checked where they are read.
    resolve(Flags(), {}, None, Login(settings=changed.settings), kept_in="command line")
    write_login(login_path(), changed)
    kept = str(changed.url) if name == "url" else value
    print(f"{name} is {kept} from now on, kept in {login_path()}")
    _tell_who_wins(name)
    return ExitCode.DONE


def _tell_who_wins(name: str) -> None:
    variable = f"TGL_{name.upper()}"
    if os.environ.get(variable):
        note(f"note: {variable} is set and wins over what is kept")


def forget(name: str) -> ExitCode:
    """Forget what was stored of a setting."""
    if name not in KEPT:
        raise _unknown(name, KEPT)
    login = read_login(login_path())
    was_kept = name in login.settings or getattr(login, name, None) is not None
    left = {each: value for each, value in login.settings.items() if each != name}
    changed = structs.replace(login, settings=left)
    if name in ("url", "project"):
        changed = structs.replace(changed, **{name: None})
    if was_kept:
        write_login(login_path(), changed)
        print(f"{name} is not kept any more")
    else:
        print(f"{name} was not kept; `tgl config list` shows where it is from")
    return ExitCode.DONE


def _with(login: Login, name: str, value: str) -> Login:
    if name == "api_key":
        raise UsageError("a key is not kept before it was checked", hint="`tgl login` checks and keeps it")
    if name not in KEPT:
        raise _unknown(name, KEPT)
    if not value.strip():
        raise UsageError(f"{name} would be empty", hint=f"`tgl config unset {name}` forgets it")
    if value not in _CHOICES.get(name, (value,)):
        raise UsageError(f"{name} cannot be {value!r}", hint=f"it is {' or '.join(_CHOICES[name])}")
    if name == "url":
        return structs.replace(login, url=parse_server_url(value).base)
    if name == "project":
        return structs.replace(login, project=value)
    return structs.replace(login, settings={**login.settings, name: value})


def _unknown(name: str, known: tuple[str, ...]) -> UsageError:
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    return UsageError(f"there is no setting {name!r}", hint=f"{meant}there are: {', '.join(known)}")
