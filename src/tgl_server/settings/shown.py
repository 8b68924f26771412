"""The settings of a running server for people: each with its value, unless that is a secret, and its source."""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec import Struct

from tgl_server.settings.bad_setting import BadSetting
from tgl_server.settings.load import ENV_FILE, PREFIX, parse_setting, read_env_file
from tgl_server.settings.model import SECRETS, Settings


class Source(StrEnum):
    """Where a value is from; `START` is a value that was made or changed when the server started."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    FILE = ".env"
    START = "made at the start"


class ShownSetting(Struct, frozen=True):
    """A setting by its variable; `value` is empty if it is not set."""

    variable: str
    value: str
    source: Source


def shown_settings(
    settings: Settings, environ: Mapping[str, str] = os.environ, env_file: Path = ENV_FILE
) -> list[ShownSetting]:
    """All settings in the order of their model."""
    try:
        of_file = read_env_file(env_file)
    except (OSError, UnicodeDecodeError):
        of_file = {}
    return [_shown(name, getattr(settings, name), environ, of_file) for name in Settings.__struct_fields__]


def _shown(name: str, value: Any, environ: Mapping[str, str], of_file: Mapping[str, str]) -> ShownSetting:
    for variable in (PREFIX + name.upper(), name.upper()):
        for values, source in ((environ, Source.ENVIRONMENT), (of_file, Source.FILE)):
            if values.get(variable):
                # A value that is another one now, such as that of a file which was changed since, is not from there.
                return ShownSetting(
                    variable, _text(name, value), source if _means(name, values[variable], value) else Source.START
                )
    is_default = value == getattr(Settings(), name)
    return ShownSetting(name.upper(), _text(name, value), Source.DEFAULT if is_default else Source.START)


def _means(name: str, text: str, value: Any) -> bool:
    try:
        return bool(parse_setting(name, text) == value)
    except BadSetting:
        return False


def _text(name: str, value: Any) -> str:
    if name in SECRETS:
        return "***" if value else ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
