"""Which setting wins, and where a key may go."""

from pathlib import Path

import pytest

from tests.support.settings import resolved, written
from tgl_client.errors import ConfigError
from tgl_client.settings.flags import Flags
from tgl_client.settings.load import load, resolve
from tgl_client.settings.login_file import Login
from tgl_protocol.keys import generate_api_key

KEY = generate_api_key().full_key

HOME, AWAY = "https://home.example.com", "https://away.example.com"


def test_flag_beats_environment_beats_file_beats_login(tmp_path: Path) -> None:
    file = written(tmp_path, "api_url: https://file")
    login = Login(url="https://login")
    assert resolved(Flags(url="https://flag"), file, login, TGL_URL="https://env").url.origin == "flag --url"
    assert resolved(None, file, login, TGL_URL="https://env").url.origin == "environment variable TGL_URL"
    assert resolved(None, file, login).url.value == "https://file"
    assert resolved(None, file, login).url.origin == f"{tmp_path}/repos.yaml:1"
    assert resolved(None, None, login).url.value == "https://login"
    assert resolved().url.value is None


@pytest.mark.parametrize(
    ("name", "value"), [("TGL_BATCH_SIZE", "0"), ("TGL_BATCH_SIZE", "many"), ("TGL_TIMEOUT", "-1")]
)
def test_a_bad_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        resolve(Flags(), {name: value}, None, Login())


def test_a_stored_key_is_used_for_its_own_server_only(tmp_path: Path) -> None:
    login = Login(url=HOME, keys={HOME: KEY})
    assert resolved(None, None, login).key() == KEY
    with pytest.raises(ConfigError, match=r"no API key for https://away"):
        resolved(None, written(tmp_path, f"api_url: {AWAY}", found=True), login).key()


def test_a_file_that_was_only_found_cannot_draw_the_key_of_the_environment(tmp_path: Path) -> None:
    found = written(tmp_path, f"api_url: {AWAY}", found=True)
    with pytest.raises(ConfigError, match="not sent to it unasked"):
        resolved(None, found, Login(url=HOME), TGL_API_KEY=KEY)
    named = written(tmp_path, f"api_url: {AWAY}")
    assert resolved(None, named, Login(url=HOME), TGL_API_KEY=KEY).key() == KEY


def test_the_key_of_a_file_goes_with_the_address_of_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, f"api_url: {HOME}\napi_key: {KEY}")
    assert resolved(None, file).key() == KEY
    with pytest.raises(ConfigError, match="no API key"):
        resolved(Flags(url=AWAY), file).key()


def test_settings_do_not_show_the_key(tmp_path: Path) -> None:
    file = written(tmp_path, f"api_url: {HOME}\napi_key: {KEY}")
    shown = repr(resolved(None, file, Login(keys={HOME: KEY}))) + repr(file) + repr(Login(keys={HOME: KEY}))
    assert KEY not in shown


@pytest.mark.parametrize("spelling", ["HTTPS://League.Example.com", "https://league.example.com:443/api/v1/"])
def test_a_stored_key_is_found_by_any_spelling_of_its_server(spelling: str) -> None:
    login = Login(url="https://league.example.com", keys={"https://league.example.com": KEY})
    assert resolved(Flags(url=spelling), login=login).api_key.value == KEY


def test_the_variable_of_the_older_client_gets_a_hint() -> None:
    with pytest.raises(ConfigError, match="GITLEAGUE_API_KEY") as caught:
        resolved(Flags(url="https://league.example.com"), GITLEAGUE_API_KEY=KEY)
    assert "export TGL_API_KEY" in str(caught.value.hint)


def test_the_origin_of_a_repository_says_what_named_it() -> None:
    [source] = resolved(Flags(project="core"), TGL_REPO="api").sources
    assert source.origin == "current folder, flag --project, environment variable TGL_REPO"


def test_a_damaged_login_matters_only_to_a_run_that_needs_it(tgl_home: Path) -> None:
    (tgl_home / "config").mkdir(parents=True)
    (tgl_home / "config" / "login.json").write_text("{")
    (tgl_home / "config" / "login.json").chmod(0o600)
    environ = {"TGL_URL": "https://league.example.com", "TGL_API_KEY": KEY, "TGL_PROJECT": "core"}
    assert load(Flags(paths=(tgl_home,)), environ).api_key.value == KEY
    with pytest.raises(ConfigError, match="is damaged"):
        load(Flags(paths=(tgl_home,)), {**environ, "TGL_API_KEY": ""})
