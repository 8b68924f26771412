"""What a server refuses to start with, and what its settings do not show."""

import pytest

from tgl_server.errors import StartupError
from tgl_server.settings import Settings, load_settings, secret_texts

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
        ("trusted_proxies", "10.0.0.1/8"),
        ("cors_origins", "*"),
        ("cors_origins", "https://a.example/"),
        ("cors_origins", "https://*.example"),
        ("cors_origins", "dashboard.example"),
        ("rate_limit_storage", "memcached://localhost"),
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
