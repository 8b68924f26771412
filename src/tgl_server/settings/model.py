"""The names, types and defaults of all settings, and which of them are secrets."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated
from urllib.parse import unquote, urlsplit

from msgspec import Meta, Struct

_SECRET_HEADER_LENGTH = 16


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Algorithm(StrEnum):
    """An algorithm to sign access tokens with; each uses `SECRET_KEY`."""

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
    """The readers of `GET /metrics` while METRICS_TOKEN is not set: nobody, this machine, or everybody."""

    OFF = "off"
    LOCAL = "local"
    OPEN = "open"


Positive = Annotated[int, Meta(ge=1)]


class Settings(Struct, frozen=True, kw_only=True):
    """All settings with their defaults. `repr` masks every secret."""

    database_url: str = ""
    database_read_url: str = ""
    data_dir: str = ""
    secret_key: str = ""
    secrets_keys: tuple[str, ...] = ()
    secrets_keys_file: str = ""
    environment: Environment = Environment.DEVELOPMENT
    public_url: str = ""

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
    sqlalchemy_echo: bool = False

    max_body_bytes: Annotated[int, Meta(ge=1024)] = 32 * 1024 * 1024
    max_bodies_bytes: Annotated[int, Meta(ge=1024)] = 64 * 1024 * 1024
    body_timeout_seconds: Positive = 60
    answer_timeout_seconds: Annotated[int, Meta(ge=1, le=3600)] = 60
    run_timeout_minutes: Positive = 15
    sweep_seconds: Positive = 60
    follower_pause_ms: Annotated[int, Meta(ge=0)] = 500
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
    page_requests_per_minute: Positive = 1200
    webhook_requests_per_minute: Positive = 600
    rate_limit_storage: str = "memory://"

    pull_worker: bool = True
    broker_url: str = ""
    broker_url_file: str = ""
    mirror_dir: str = ""
    pull_allowed_networks: tuple[str, ...] = ()
    pull_allowed_hosts: tuple[str, ...] = ()
    pull_allowed_ports: tuple[Annotated[int, Meta(ge=1, le=65535)], ...] = ()
    pull_allow_http: bool = False
    pull_local_roots: tuple[str, ...] = ()
    pull_max_bytes: Annotated[int, Meta(ge=1024 * 1024)] = 10 * 1024**3
    pull_mirrors_bytes: Annotated[int, Meta(ge=0)] = 50 * 1024**3
    pull_min_free_bytes: Annotated[int, Meta(ge=0)] = 1024**3
    pull_fetch_minutes: Positive = 60
    pull_stall_seconds: Positive = 60
    pull_ca_file: str = ""
    pull_proxy: str = ""

    endpoints_allowed_networks: tuple[str, ...] = ()
    endpoints_allowed_hosts: tuple[str, ...] = ()
    endpoints_allow_http: bool = False
    endpoints_ca_file: str = ""

    metrics_access: MetricsAccess = MetricsAccess.LOCAL
    metrics_token: str = ""
    slow_batch_ms: Annotated[int, Meta(ge=0)] = 1000

    audit_refusals_retention_days: Annotated[int, Meta(ge=0)] = 180
    audit_retention_days: Annotated[int, Meta(ge=0)] = 0
    run_errors_retention_days: Annotated[int, Meta(ge=0)] = 180
    runs_retention_days: Annotated[int, Meta(ge=0)] = 0
    ingest_log_retention_days: Annotated[int, Meta(ge=0)] = 0
    key_usage_retention_days: Annotated[int, Meta(ge=0)] = 400
    events_retention_days: Annotated[int, Meta(ge=15)] = 30
    endpoint_deliveries_retention_days: Positive = 30
    webhook_deliveries_retention_days: Positive = 30

    smtp_url: str = ""
    mail_from: str = ""
    smtp_ca_file: str = ""
    smtp_timeout_seconds: Positive = 30
    mail_retention_days: Positive = 30

    otel_exporter_otlp_endpoint: str = ""
    otel_exporter_otlp_headers: str = ""
    otel_service_name: str = "tgl-server"

    trusted_proxies: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()

    @property
    def public_origin(self) -> str:
        """The origin of `PUBLIC_URL`, as browsers write it; empty if that is not set."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}".lower() if self.public_url else ""

    @property
    def is_secure(self) -> bool:
        """True where browsers reach the server over HTTPS alone."""
        return self.environment is Environment.PRODUCTION or self.public_url.lower().startswith("https://")

    @property
    def sends_mail(self) -> bool:
        """True where mails are sent."""
        return bool(self.smtp_url)

    @property
    def run_timeout(self) -> timedelta:
        """The time without a batch after which a run counts as abandoned."""
        return timedelta(minutes=self.run_timeout_minutes)

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        shown |= {name: "***" for name in SECRETS if shown[name]}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


#: The settings whose values nobody is shown.
SECRETS = (
    "database_url",
    "database_read_url",
    "secret_key",
    "secrets_keys",
    "rate_limit_storage",
    "metrics_token",
    "otel_exporter_otlp_endpoint",
    "otel_exporter_otlp_headers",
    "pull_proxy",
    "broker_url",
    "smtp_url",
)


def secret_texts(settings: Settings) -> list[str]:
    """The texts that no log may show: secrets, and passwords in addresses, both as written and decoded."""
    found = [
        settings.secret_key,
        *settings.secrets_keys,
        settings.metrics_token,
        *_header_secrets(settings.otel_exporter_otlp_headers),
    ]
    urls = (
        settings.database_url,
        settings.database_read_url,
        settings.rate_limit_storage,
        settings.otel_exporter_otlp_endpoint,
        settings.pull_proxy,
        settings.broker_url,
        settings.smtp_url,
    )
    for url in urls:
        password = url.partition("://")[2].rpartition("@")[0].partition(":")[2]
        found += [password, unquote(password)]
    return sorted({text for text in found if text}, key=len, reverse=True)


def _header_secrets(headers: str) -> list[str]:
    """The secrets in headers: the last word of a value, if it is long; a short one may be a tenant's name."""
    words = [unquote(header.partition("=")[2]).split() for header in headers.split(",")]
    return [found[-1] for found in words if found and len(found[-1]) >= _SECRET_HEADER_LENGTH]
