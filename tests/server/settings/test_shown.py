"""Settings as people are shown them: where each is from, and no secret."""

from pathlib import Path
from typing import Any

from tgl_server.settings import Settings, ShownSetting, Source, load_settings, shown_settings
from tgl_server.settings.model import SECRETS


def shown(settings: Settings, environ: dict[str, str], env_file: Path) -> dict[str, ShownSetting]:
    return {each.variable: each for each in shown_settings(settings, environ, env_file)}


def test_each_setting_says_where_it_is_from(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("DB_POOL_SIZE=7\nLOG_LEVEL=debug\n")
    environ = {"TGL_SWEEP_SECONDS": "30", "LOG_LEVEL": "ERROR", "CORS_ORIGINS": "https://a.example,https://b.example"}
    settings = load_settings(environ, env_file, data_dir="/srv/data")
    found = shown(settings, environ, env_file)
    assert found["TGL_SWEEP_SECONDS"] == ShownSetting("TGL_SWEEP_SECONDS", "30", Source.ENVIRONMENT)
    assert found["DB_POOL_SIZE"] == ShownSetting("DB_POOL_SIZE", "7", Source.FILE)
    assert found["LOG_LEVEL"] == ShownSetting("LOG_LEVEL", "error", Source.ENVIRONMENT)
    assert found["CORS_ORIGINS"].value == "https://a.example, https://b.example"
    assert found["DATA_DIR"] == ShownSetting("DATA_DIR", "/srv/data", Source.START)
    assert found["REGISTRATION_OPEN"] == ShownSetting("REGISTRATION_OPEN", "true", Source.DEFAULT)
    assert len(found) == len(Settings.__struct_fields__)


def test_a_file_that_was_changed_since_is_not_named(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("DB_POOL_SIZE=7\n")
    settings = load_settings({}, env_file)
    env_file.write_text("DB_POOL_SIZE=many\n")
    assert shown(settings, {}, env_file)["DB_POOL_SIZE"] == ShownSetting("DB_POOL_SIZE", "7", Source.START)


def test_a_list_of_numbers_is_shown_like_a_list_of_words(tmp_path: Path) -> None:
    found = shown(
        Settings(pull_allowed_ports=(18443, 2222), cors_origins=("https://a", "https://b")), {}, tmp_path / ".env"
    )
    assert (found["PULL_ALLOWED_PORTS"].value, found["CORS_ORIGINS"].value) == ("18443, 2222", "https://a, https://b")


def test_no_secret_is_shown(tmp_path: Path) -> None:
    given: dict[str, Any] = {name: f"postgresql://user:hunter2@host/{name}" for name in SECRETS}
    given["secrets_keys"] = ("hunter2",)
    values = [each.value for each in shown_settings(Settings(**given), {}, tmp_path / ".env")]
    assert values.count("***") == len(SECRETS)
    assert not any("hunter2" in value for value in values)
