"""The server's settings: one frozen value, built once at start and passed in.

Read from the environment and from `.env`; `TGL_NAME` wins over `NAME`, the environment over the file.
A field's name in upper case is its variable. `.env.example` lists them all.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from dotenv import dotenv_values
from msgspec import Meta, Struct

from tgl_server.errors import StartupError

PREFIX = "TGL_"
MIN_SECRET_LENGTH = 32


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class BadSetting(StartupError):
    """A setting does not validate; the message names its variable."""


Positive = Annotated[int, Meta(ge=1)]


class Settings(Struct, frozen=True, kw_only=True):
    """All settings with their defaults. `repr` masks every secret."""

    database_url: str = ""
    data_dir: str = ""
    secret_key: str = ""
    environment: Environment = Environment.DEVELOPMENT

    api_title: str = "TheGitLeague"
    api_version: str = "0.1.0"
    log_level: str = "info"
    log_format: str = "console"

    db_pool_size: Positive = 10
    db_max_overflow: Annotated[int, Meta(ge=0)] = 10
    db_pool_timeout: Positive = 10

    max_body_bytes: Annotated[int, Meta(ge=1024)] = 32 * 1024 * 1024
    run_timeout_minutes: Positive = 15

    argon2_time_cost: Positive = 2
    argon2_memory_kib: Annotated[int, Meta(ge=8)] = 19 * 1024
    argon2_parallelism: Positive = 1
    argon2_concurrency: Positive = 2
    api_key_memory_seconds: Annotated[int, Meta(ge=0)] = 300

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        shown |= {name: "***" for name in _SECRETS if shown[name]}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


_SECRETS = ("database_url", "secret_key")


def load_settings(environ: Mapping[str, str], env_file: Path | None = None, **overrides: Any) -> Settings:
    """Settings from a mapping (the process environment) and an optional `.env`; raises `BadSetting`."""
    values = {**_read_env_file(env_file), **environ}
    found = {name: text for name in Settings.__struct_fields__ if (text := _variable(values, name)) is not None}
    parsed = {name: _parse(name, text) for name, text in found.items()}
    settings = Settings(**(parsed | overrides))
    _check_production(settings)
    return settings


def _read_env_file(path: Path | None) -> dict[str, str]:
    if path is None or not path.is_file():
        return {}
    return {name: value for name, value in dotenv_values(path).items() if value is not None}


def _variable(values: Mapping[str, str], name: str) -> str | None:
    """An empty variable counts as not set, as in most `.env` files."""
    for variable in (PREFIX + name.upper(), name.upper()):
        if values.get(variable):
            return values[variable]
    return None


def _parse(name: str, text: str) -> Any:
    field = next(field for field in msgspec.structs.fields(Settings) if field.name == name)
    try:
        return msgspec.convert(_as_items(field.type, text), field.type, strict=False)
    except msgspec.ValidationError as error:
        raise BadSetting(f"setting {name.upper()} is not valid: {error}") from None


def _as_items(type_: Any, text: str) -> str | list[str]:
    """Lists are written with commas: `CORS_ORIGINS=https://a.example,https://b.example`."""
    if getattr(type_, "__origin__", None) is tuple:
        return [item.strip() for item in text.split(",") if item.strip()]
    return text


def _check_production(settings: Settings) -> None:
    if settings.environment is Environment.PRODUCTION and len(settings.secret_key) < MIN_SECRET_LENGTH:
        raise BadSetting(
            f"SECRET_KEY must be set to at least {MIN_SECRET_LENGTH} random characters when ENVIRONMENT=production; "
            "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
