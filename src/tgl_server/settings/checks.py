"""The checks of settings that a type cannot state."""

import re
from ipaddress import ip_network

from tgl_server.settings.bad_setting import BadSetting
from tgl_server.settings.broker import check_broker
from tgl_server.settings.mail_checks import check_mail
from tgl_server.settings.model import Environment, Settings
from tgl_server.settings.pull_checks import check_pull
from tgl_server.settings.secrets_keys import check_secrets_keys

MIN_SECRET_LENGTH = 32
RATE_LIMIT_STORAGES = ("memory", "redis", "rediss", "redis+unix", "valkey", "valkeys", "valkey+unix")

# Each is long enough that a random key contains one in fewer than one case in a million.
_PLACEHOLDER_WORDS = ("changeme", "change-me", "change_me", "secret", "password", "example", "insecure", "default")
_MIN_DIFFERENT = 9
_LEAST_ARGON2_KIB = 7 * 1024
_LEAST_AUDIT_DAYS = 31  # the cutoff moves at midnight
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?")
_COLLECTOR = re.compile(r"(https?://[^/?#\s]+[^?#\s]*)?")


def check_settings(settings: Settings) -> None:
    """Raises `BadSetting` for an invalid setting; the message names the variable."""
    if settings.environment is Environment.PRODUCTION:
        _check_secret_key(settings.secret_key)
        _check_argon2(settings)
    for text in settings.trusted_proxies:
        _check_network(text)
    check_pull(settings)
    check_broker(settings)
    check_secrets_keys(settings)
    _check_public_url(settings)
    check_mail(settings)
    for origin in settings.cors_origins:
        if not _ORIGIN.fullmatch(origin):
            raise BadSetting(f"CORS_ORIGINS has {origin!r}, which is no origin; write it like https://league.example")
    if not _COLLECTOR.fullmatch(settings.otel_exporter_otlp_endpoint):
        raise BadSetting("OTEL_EXPORTER_OTLP_ENDPOINT must be the http:// or https:// address of a collector")
    _check_rate_limit_storage(settings.rate_limit_storage)
    _check_retention("AUDIT_RETENTION_DAYS", settings.audit_retention_days)
    _check_retention("AUDIT_REFUSALS_RETENTION_DAYS", settings.audit_refusals_retention_days)
    _check_retention("RUNS_RETENTION_DAYS", settings.runs_retention_days)
    _check_retention("INGEST_LOG_RETENTION_DAYS", settings.ingest_log_retention_days)
    _check_retention("KEY_USAGE_RETENTION_DAYS", settings.key_usage_retention_days)


def _check_public_url(settings: Settings) -> None:
    """Raises `BadSetting` for what is no address of this server, or one that would send cookies in clear text."""
    url = settings.public_url
    if url and not _ORIGIN.fullmatch(url.rstrip("/")):
        raise BadSetting(f"PUBLIC_URL={url!r} is no address; write it like https://league.example, without a path")
    if url and settings.environment is Environment.PRODUCTION and not url.startswith("https://"):
        raise BadSetting("PUBLIC_URL must begin with https:// in ENVIRONMENT=production: sessions are cookies")


def _check_rate_limit_storage(url: str) -> None:
    """Raises `BadSetting` for a storage without an address, which the library would look for on this machine."""
    scheme, separator, where = url.partition("://")
    if scheme not in RATE_LIMIT_STORAGES or not separator:
        raise BadSetting(f"RATE_LIMIT_STORAGE must begin with one of {', '.join(RATE_LIMIT_STORAGES)}, then ://")
    if scheme != "memory" and not where.strip("/"):
        raise BadSetting(f"RATE_LIMIT_STORAGE names no server; write it like {scheme}://cache.example:6379/0")


def _check_retention(variable: str, days: int) -> None:
    """Raises `BadSetting` below a month: the database grants no less for the audit log, and pages show as much."""
    if 0 < days < _LEAST_AUDIT_DAYS:
        raise BadSetting(f"{variable}={days} is too short: at least {_LEAST_AUDIT_DAYS}, or 0 to keep entries for ever")


def _check_argon2(settings: Settings) -> None:
    """Raises `BadSetting` below the least memory of OWASP's Password Storage Cheat Sheet: 7 MiB, for five passes."""
    if settings.argon2_memory_kib < _LEAST_ARGON2_KIB:
        raise BadSetting(
            f"ARGON2_MEMORY_KIB={settings.argon2_memory_kib} makes passwords cheap to guess; "
            f"ENVIRONMENT=production needs at least {_LEAST_ARGON2_KIB}; the default is 19456"
        )


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
    """True for a key of few different characters, or of a short text repeated."""
    return len(set(key)) < _MIN_DIFFERENT or any(key[n:] == key[:-n] for n in range(1, len(key) // 2 + 1))


def _check_network(text: str) -> None:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise BadSetting(f"TRUSTED_PROXIES has {text!r}: {error}; write networks like 10.0.0.0/8, ::1") from None
    if network.prefixlen == 0:
        raise BadSetting(
            f"TRUSTED_PROXIES has {text}, which trusts every client to name its own address; name the proxies"
        )
