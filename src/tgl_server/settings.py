"""The server's settings: one frozen value, built once at start and passed in.

Read from the environment and from `.env`; `TGL_NAME` wins over `NAME`, the environment over the file.
A field's name in upper case is its variable. `.env.example` lists them all.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

import msgspec
from dotenv import dotenv_values
from msgspec import Meta, Struct

from tgl_server.errors import StartupError

PREFIX = "TGL_"
MIN_SECRET_LENGTH = 32
RATE_LIMIT_STORAGES = ("memory", "redis", "rediss", "redis+unix", "valkey", "valkeys", "valkey+unix")

# Long enough that a random key has one of them in less than one case of a million.
_PLACEHOLDER_WORDS = ("changeme", "change-me", "change_me", "secret", "password", "example", "insecure", "default")
_MIN_DIFFERENT = 9
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?")
_COLLECTOR = re.compile(r"(https?://[^/?#\s]+[^?#\s]*)?")
_SECRET_HEADER_LENGTH = 16


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Algorithm(StrEnum):
    """What access tokens are signed with; each uses the one `SECRET_KEY`."""

    HS256 = "HS256"
    HS384 = "HS384"
    HS512 = "HS512"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


class MetricsAccess(StrEnum):
    """Who may read `GET /metrics` while METRICS_TOKEN is not set: nobody, this machine, or everybody."""

    OFF = "off"
    LOCAL = "local"
    OPEN = "open"


class BadSetting(StartupError):
    """A setting does not validate; the message names its variable."""


Positive = Annotated[int, Meta(ge=1)]


class Settings(Struct, frozen=True, kw_only=True):
    """All settings with their defaults. `repr` masks every secret."""

    database_url: str = ""
    data_dir: str = ""
    secret_key: str = ""
    environment: Environment = Environment.DEVELOPMENT

    algorithm: Algorithm = Algorithm.HS256
    access_token_expire_minutes: Positive = 30
    refresh_token_expire_days: Positive = 30
    registration_open: bool = True

    api_title: str = "TheGitLeague"
    api_version: str = "0.1.0"
    log_level: LogLevel = LogLevel.INFO
    log_format: LogFormat = LogFormat.CONSOLE

    db_pool_size: Positive = 10
    db_max_overflow: Annotated[int, Meta(ge=0)] = 10
    db_pool_timeout: Positive = 30

    max_body_bytes: Annotated[int, Meta(ge=1024)] = 32 * 1024 * 1024
    body_timeout_seconds: Positive = 60
    run_timeout_minutes: Positive = 15
    sweep_seconds: Positive = 60
    shutdown_drain_seconds: Annotated[int, Meta(ge=0, le=10)] = 2

    argon2_time_cost: Positive = 2
    argon2_memory_kib: Annotated[int, Meta(ge=8)] = 19 * 1024
    argon2_parallelism: Positive = 1
    argon2_concurrency: Positive = 1
    api_key_memory_seconds: Annotated[int, Meta(ge=0)] = 300
    api_key_usage_seconds: Positive = 5

    sync_requests_per_minute: Positive = 100
    login_requests_per_minute: Positive = 10
    api_requests_per_minute: Positive = 600
    rate_limit_storage: str = "memory://"

    metrics_access: MetricsAccess = MetricsAccess.LOCAL
    metrics_token: str = ""
    slow_batch_ms: Annotated[int, Meta(ge=0)] = 1000

    otel_exporter_otlp_endpoint: str = ""
    otel_exporter_otlp_headers: str = ""
    otel_service_name: str = "tgl-server"

    trusted_proxies: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        shown |= {name: "***" for name in _SECRETS if shown[name]}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


def secret_texts(settings: Settings) -> list[str]:
    """What no log may show: the secret key, and the passwords inside of addresses as they are written and meant."""
    found = [settings.secret_key, settings.metrics_token, *_header_secrets(settings.otel_exporter_otlp_headers)]
    for url in (settings.database_url, settings.rate_limit_storage, settings.otel_exporter_otlp_endpoint):
        password = url.partition("://")[2].rpartition("@")[0].partition(":")[2]
        found += [password, unquote(password)]
    return sorted({text for text in found if text}, key=len, reverse=True)


def _header_secrets(headers: str) -> list[str]:
    """Long last words of the values; a short one is the name of a tenant, and may be read."""
    words = [unquote(header.partition("=")[2]).split() for header in headers.split(",")]
    return [found[-1] for found in words if found and len(found[-1]) >= _SECRET_HEADER_LENGTH]


_SECRETS = (
    "database_url",
    "secret_key",
    "rate_limit_storage",
    "metrics_token",
    "otel_exporter_otlp_endpoint",
    "otel_exporter_otlp_headers",
)


def load_settings(environ: Mapping[str, str], env_file: Path | None = None, **overrides: Any) -> Settings:
    """Settings from a mapping (the process environment) and an optional `.env`; raises `BadSetting`."""
    values = {**_read_env_file(env_file), **environ}
    found = {name: text for name in Settings.__struct_fields__ if (text := _variable(values, name)) is not None}
    parsed = {name: _parse(name, text) for name, text in found.items()}
    settings = Settings(**(parsed | overrides))
    _check(settings)
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
    return text.lower() if type_ in (Environment, LogLevel, LogFormat, MetricsAccess) else text


def _check(settings: Settings) -> None:
    """What a type alone cannot say; each refusal names its variable."""
    if settings.environment is Environment.PRODUCTION:
        _check_secret_key(settings.secret_key)
    for text in settings.trusted_proxies:
        _check_network(text)
    for origin in settings.cors_origins:
        if not _ORIGIN.fullmatch(origin):
            raise BadSetting(f"CORS_ORIGINS has {origin!r}, which is no origin; write it like https://league.example")
    if not _COLLECTOR.fullmatch(settings.otel_exporter_otlp_endpoint):
        raise BadSetting("OTEL_EXPORTER_OTLP_ENDPOINT must be the http:// or https:// address of a collector")
    scheme = settings.rate_limit_storage.partition("://")[0]
    if scheme not in RATE_LIMIT_STORAGES:
        raise BadSetting(f"RATE_LIMIT_STORAGE must begin with one of {', '.join(RATE_LIMIT_STORAGES)}, then ://")


def _check_secret_key(key: str) -> None:
    if not key:
        reason = "is not set"
    elif len(key) < MIN_SECRET_LENGTH:
        reason = f"is shorter than {MIN_SECRET_LENGTH} characters"
    elif any(word in key.lower() for word in _PLACEHOLDER_WORDS) or _repeats_itself(key):
        reason = "looks like a placeholder"
    else:
        return
    raise BadSetting(
        f"SECRET_KEY {reason}, and ENVIRONMENT=production needs one that nobody can guess; "
        "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
    )


def _repeats_itself(key: str) -> bool:
    """Few different characters, or a short text over and over."""
    return len(set(key)) < _MIN_DIFFERENT or any(key[n:] == key[:-n] for n in range(1, len(key) // 2 + 1))


def _check_network(text: str) -> None:
    try:
        ip_network(text)
    except ValueError as error:
        raise BadSetting(f"TRUSTED_PROXIES has {text!r}: {error}; write networks like 10.0.0.0/8, ::1") from None
