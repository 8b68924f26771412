"""The settings, read from the environment and from `.env`.

`TGL_NAME` takes precedence over `NAME`, and the environment over the file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from dotenv import dotenv_values
from msgspec import inspect

from tgl_server.settings.bad_setting import BadSetting
from tgl_server.settings.broker import with_broker_of_file
from tgl_server.settings.checks import check_settings
from tgl_server.settings.model import SECRETS, Environment, LogFormat, LogLevel, MetricsAccess, Settings
from tgl_server.settings.secrets_keys import with_keys_of_file

PREFIX = "TGL_"
ENV_FILE = Path(".env")
_MOST_SHOWN = 60


def load_settings(environ: Mapping[str, str], env_file: Path | None = None, **overrides: Any) -> Settings:
    """Settings from a mapping (the process environment) and an optional `.env`; raises `BadSetting`."""
    values = {**read_env_file(env_file), **environ}
    found = {name: text for name in Settings.__struct_fields__ if (text := _variable(values, name)) is not None}
    parsed = {name: parse_setting(name, text) for name, text in found.items()}
    settings = with_broker_of_file(with_keys_of_file(Settings(**(parsed | overrides))))
    check_settings(settings)
    return settings


def read_env_file(path: Path | None) -> dict[str, str]:
    """The variables of a `.env`; none without one. Raises `OSError` and `UnicodeDecodeError`."""
    if path is None or not path.is_file():
        return {}
    return {name: value for name, value in dotenv_values(path).items() if value is not None}


def _variable(values: Mapping[str, str], name: str) -> str | None:
    """The text of a setting; None if its variable is not set or, as in most `.env` files, empty."""
    for variable in (PREFIX + name.upper(), name.upper()):
        if values.get(variable):
            return values[variable]
    return None


def parse_setting(name: str, text: str) -> Any:
    """The value that a text means for a setting; raises `BadSetting`."""
    field = next(field for field in msgspec.structs.fields(Settings) if field.name == name)
    try:
        return msgspec.convert(_as_items(field.type, text), field.type, strict=False)
    except msgspec.MsgspecError:
        shown = "" if name in SECRETS else f"={text[:_MOST_SHOWN]!r}"
        raise BadSetting(f"{name.upper()}{shown} is not valid; write {_wanted(field.type)}") from None


def _wanted(type_: Any) -> str:
    """The values that a setting takes, in words. Texts take any."""
    info = inspect.type_info(type_)
    bounded = info.type if isinstance(info, inspect.Metadata) else info
    if isinstance(bounded, inspect.EnumType):
        return f"one of {', '.join(str(member.value) for member in bounded.cls)}"
    if isinstance(bounded, inspect.BoolType):
        return "true or false"
    if isinstance(bounded, inspect.IntType):
        least = "" if bounded.ge is None else f" of at least {bounded.ge}"
        most = "" if bounded.le is None else f" and at most {bounded.le}"
        return f"a whole number{least}{most}"
    return "a list with commas between its items"


def _as_items(type_: Any, text: str) -> str | list[str]:
    """The text, or its items for a list: separated by commas, or in JSON, as other frameworks have it."""
    if getattr(type_, "__origin__", None) is tuple:
        if text.lstrip().startswith("["):
            return msgspec.json.decode(text, type=list[str])
        return [item.strip() for item in text.split(",") if item.strip()]
    return text.lower() if type_ in (Environment, LogLevel, LogFormat, MetricsAccess) else text
