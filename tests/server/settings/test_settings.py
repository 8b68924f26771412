"""What a server refuses to start with, and what its settings do not show."""

from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

from tgl_server.errors import StartupError
from tgl_server.sealing.sealer import new_key
from tgl_server.settings import BadSetting, Settings, load_settings, secret_texts
from tgl_server.settings.model import SECRETS

GOOD_KEY = "5Zq0vN8fWk2RjT6yHbXcLs4MpGd9QeUa"


def _load(**variables: str) -> Settings:
    return load_settings({name.upper(): value for name, value in variables.items()})


@pytest.mark.parametrize(
    "key",
    [
        "",
        "short",
        GOOD_KEY[:-1],
        "changeme-changeme-changeme-changeme-changeme",
        "your-secret-key-here-please-replace-it-now",
        "an-example-key-for-development-only-0123456789",
        "0" * 64,
        "abcdefgh" * 8,
        "1234567890123456789012345678901234567890",
        "My-Password-Is-Rather-Long-But-Guessable-42",
    ],
)
def test_production_refuses_a_key_that_can_be_guessed(key: str) -> None:
    with pytest.raises(StartupError, match=r"^SECRET_KEY ") as refused:
        _load(environment="production", secret_key=key)
    assert len(key) < 32 or key not in str(refused.value)


@pytest.mark.parametrize("key", [GOOD_KEY, "0f1e2d3c4b5a69788796a5b4c3d2e1f0"])
def test_production_takes_a_random_key(key: str) -> None:
    assert _load(environment="production", secret_key=key).secret_key == key


def test_development_asks_for_no_key() -> None:
    assert _load().secret_key == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trusted_proxies", "10.0.0.0/8,nonsense"),
        ("pull_allowed_networks", "10.0.0.0/8,nonsense"),
        ("pull_allowed_networks", "10.0.0.1/8"),
        ("pull_allowed_networks", "::/0"),
        ("pull_allowed_ports", "0"),
        ("pull_allowed_ports", "65536"),
        ("pull_local_roots", "srv/git"),
        ("pull_local_roots", "/"),
        ("pull_max_bytes", "1000"),
        ("pull_mirrors_bytes", "-1"),
        ("pull_min_free_bytes", "-1"),
        ("pull_ca_file", "/nowhere/authority.pem"),
        ("endpoints_ca_file", "/nowhere/authority.pem"),
        ("endpoints_ca_file", __file__),
        ("pull_proxy", "proxy.corp:3128"),
        ("secrets_keys", "not-a-key"),
        ("secrets_keys_file", "/nowhere/keys"),
        ("broker_url", "amqp://broker.example"),
        ("broker_url", "redis:broker.example"),
        ("broker_url", "redis://"),
        ("broker_url", "redis://:password@/"),
        ("broker_url", "redis://:pass word@broker.example"),
        ("broker_url_file", "/nowhere/broker"),
        ("trusted_proxies", "10.0.0.1/8"),
        ("audit_retention_days", "30"),
        ("audit_refusals_retention_days", "1"),
        ("audit_refusals_retention_days", "-1"),
        ("cors_origins", "*"),
        ("cors_origins", "https://a.example/"),
        ("cors_origins", "https://*.example"),
        ("cors_origins", "dashboard.example"),
        ("trusted_proxies", "0.0.0.0/0"),
        ("trusted_proxies", "10.0.0.0/8,::/0"),
        ("cors_origins", '["https://a.example"'),
        ("cors_origins", '["https://a.example", 7]'),
        ("rate_limit_storage", "memcached://localhost"),
        ("rate_limit_storage", "redis"),
        ("rate_limit_storage", "redis://"),
        ("sync_requests_per_minute", "0"),
        ("body_timeout_seconds", "soon"),
        ("environment", "prod"),
        ("log_level", "loud"),
    ],
)
def test_a_bad_setting_stops_the_start_and_is_named(name: str, value: str) -> None:
    with pytest.raises(StartupError, match=name.upper()):
        _load(**{name: value})


def test_lists_are_written_with_commas() -> None:
    settings = _load(trusted_proxies="10.0.0.0/8, ::1", cors_origins="https://a.example,http://localhost:3000")
    assert settings.trusted_proxies == ("10.0.0.0/8", "::1")
    assert settings.cors_origins == ("https://a.example", "http://localhost:3000")


def test_lists_may_be_written_in_json_as_other_frameworks_want_it() -> None:
    settings = _load(cors_origins='["http://localhost:3000", "https://a.example"]', trusted_proxies="[]")
    assert settings.cors_origins == ("http://localhost:3000", "https://a.example")
    assert settings.trusted_proxies == ()


def test_production_refuses_passwords_that_are_cheap_to_guess() -> None:
    good = {"environment": "production", "secret_key": GOOD_KEY}
    with pytest.raises(StartupError, match=r"^ARGON2_MEMORY_KIB=8 "):
        _load(**good, argon2_memory_kib="8")
    assert _load(**good).argon2_memory_kib == 19 * 1024
    assert _load(argon2_memory_kib="8").argon2_memory_kib == 8


def test_no_secret_shows_in_the_settings_text() -> None:
    settings = _load(
        secret_key=GOOD_KEY,
        database_url="postgresql://tgl:dbhunter@db.example/tgl",
        rate_limit_storage="redis://:redishunter@redis.example",
    )
    assert not [secret for secret in (GOOD_KEY, "dbhunter", "redishunter") if secret in f"{settings!r} {settings}"]


def test_passwords_are_known_as_written_and_as_meant() -> None:
    settings = _load(database_url="postgresql://tgl:p%40ss%2Fword@db.example/tgl")
    assert secret_texts(settings) == ["p%40ss%2Fword", "p@ss/word"]


def test_the_password_of_the_proxy_is_a_secret() -> None:
    settings = _load(pull_proxy="http://tgl:s3cret-of-the-proxy@proxy.corp:3128")
    assert "s3cret-of-the-proxy" not in repr(settings)
    assert "s3cret-of-the-proxy" in secret_texts(settings)


def test_keys_for_secrets_come_from_a_variable_and_a_file_and_are_shown_nowhere(tmp_path: Path) -> None:
    first, second, third = new_key(), new_key(), new_key()
    file = tmp_path / "keys"
    file.write_text(f"{second}\n{third}\n")
    settings = _load(secrets_keys=first, secrets_keys_file=str(file))
    assert settings.secrets_keys == (first, second, third)
    assert {first, second, third} <= set(secret_texts(settings))
    assert not [key for key in (first, second, third) if key in repr(settings)]


def test_a_key_that_is_none_is_named_by_its_number(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("")
    with pytest.raises(StartupError, match=r"SECRETS_KEYS_FILE.* is empty"):
        _load(secrets_keys_file=str(file))
    file.write_text(f"{new_key()}\n{new_key()[:-3]}\n")
    with pytest.raises(StartupError, match="key 2") as refused:
        _load(secrets_keys_file=str(file))
    assert file.read_text().split()[1] not in str(refused.value)


@pytest.mark.parametrize("field", msgspec.structs.fields(Settings), ids=lambda field: field.name)
def test_a_setting_of_another_kind_is_told_what_it_takes(field: msgspec.structs.FieldInfo) -> None:
    info = inspect.type_info(field.type)
    kind = info.type if isinstance(info, inspect.Metadata) else info
    if isinstance(kind, inspect.StrType):
        return  # takes any text; what is wrong with one, `checks.py` says
    text = "[nonsense" if isinstance(kind, inspect.VarTupleType) else "nonsense"
    with pytest.raises(BadSetting) as told:
        _load(**{field.name.upper(): text})
    words = str(told.value)
    shown = "" if field.name in SECRETS else f"='{text}'"
    assert f"{field.name.upper()}{shown} is not valid; write " in words
    if isinstance(kind, inspect.EnumType):
        assert all(member.value in words for member in kind.cls)
    if isinstance(kind, inspect.IntType):
        assert f"a whole number of at least {kind.ge}" in words
