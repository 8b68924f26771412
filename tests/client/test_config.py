"""Which setting wins, where a key may go, and how a wrong file is explained."""

from pathlib import Path

import pytest

from tgl_client.config import Flags, Settings, resolve
from tgl_client.errors import ConfigError
from tgl_client.login_file import Login, read_login, write_login
from tgl_client.project_file import ProjectFile, find_project_file
from tgl_client.repos_yaml import read_project_file
from tgl_protocol.keys import generate_api_key

KEY, OTHER_KEY = generate_api_key().full_key, generate_api_key().full_key
HOME, AWAY = "https://home.example.com", "https://away.example.com"


def read(tmp_path: Path, text: str, *, mode: int = 0o600, found: bool = False, **environ: str) -> ProjectFile:
    file = tmp_path / "repos.yaml"
    file.write_text(text)
    file.chmod(mode)
    return read_project_file(file, environ, found=found)


def settle(
    flags: Flags | None = None, file: ProjectFile | None = None, login: Login | None = None, **environ: str
) -> Settings:
    return resolve(flags or Flags(), environ, file, login or Login())


def test_flag_beats_environment_beats_file_beats_login(tmp_path: Path) -> None:
    file = read(tmp_path, "api_url: https://file")
    login = Login(url="https://login")
    assert settle(Flags(url="https://flag"), file, login, TGL_URL="https://env").url.origin == "flag --url"
    assert settle(None, file, login, TGL_URL="https://env").url.origin == "environment variable TGL_URL"
    assert settle(None, file, login).url.value == "https://file"
    assert settle(None, file, login).url.origin == f"{tmp_path}/repos.yaml:1"
    assert settle(None, None, login).url.value == "https://login"
    assert settle().url.value is None


@pytest.mark.parametrize(
    ("name", "value"), [("TGL_BATCH_SIZE", "0"), ("TGL_BATCH_SIZE", "many"), ("TGL_TIMEOUT", "-1")]
)
def test_a_bad_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        resolve(Flags(), {name: value}, None, Login())


def test_a_stored_key_is_used_for_its_own_server_only(tmp_path: Path) -> None:
    login = Login(url=HOME, keys={HOME: KEY})
    assert settle(None, None, login).key() == KEY
    with pytest.raises(ConfigError, match=r"no API key for https://away"):
        settle(None, read(tmp_path, f"api_url: {AWAY}", found=True), login).key()


def test_a_file_that_was_only_found_cannot_draw_the_key_of_the_environment(tmp_path: Path) -> None:
    found = read(tmp_path, f"api_url: {AWAY}", found=True)
    with pytest.raises(ConfigError, match="not sent to it unasked"):
        settle(None, found, Login(url=HOME), TGL_API_KEY=KEY)
    named = read(tmp_path, f"api_url: {AWAY}")
    assert settle(None, named, Login(url=HOME), TGL_API_KEY=KEY).key() == KEY


def test_the_key_of_a_file_goes_with_the_address_of_the_file(tmp_path: Path) -> None:
    file = read(tmp_path, f"api_url: {HOME}\napi_key: {KEY}")
    assert settle(None, file).key() == KEY
    with pytest.raises(ConfigError, match="no API key"):
        settle(Flags(url=AWAY), file).key()


def test_settings_do_not_show_the_key(tmp_path: Path) -> None:
    file = read(tmp_path, f"api_url: {HOME}\napi_key: {KEY}")
    shown = repr(settle(None, file, Login(keys={HOME: KEY}))) + repr(file) + repr(Login(keys={HOME: KEY}))
    assert KEY not in shown


REPOS = """
projects:
  - project_id: core
    repos:
      - path: ~/src/api
        branches: [main, "release/*"]
      - git_url: $FORGE/app.git
        repo_id: app
        password_env: APP_TOKEN
  - name: tools
    repos:
      - path: here
"""


def test_a_file_lists_repositories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    file = read(tmp_path, REPOS, FORGE="https://git.example.com")
    api, app, tools = settle(None, file).sources
    assert (api.path, api.project, api.repo, api.branches) == (
        Path("/home/ann/src/api"),
        "core",
        None,
        ("main", "release/*"),
    )
    assert app.remote is not None
    assert (app.remote.git_url, app.repo) == ("https://git.example.com/app.git", "app")
    assert (tools.path, tools.project) == (tmp_path / "here", "tools")


def test_project_and_repo_choose_from_the_file(tmp_path: Path) -> None:
    file = read(tmp_path, REPOS, FORGE="https://git.example.com")
    assert [each.repo for each in settle(Flags(project="core", repo="app"), file).sources] == ["app"]


def test_a_path_is_looked_up_in_the_file(tmp_path: Path) -> None:
    file = read(tmp_path, REPOS, FORGE="x")
    [source] = settle(Flags(paths=(tmp_path / "here",)), file).sources
    assert source.project == "tools"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("api_ulr: x", "1:1", "unknown key `api_ulr`, did you mean `api_url`?"),
        ("projects:\n  - name: a\n    repos:\n      - git_ulr: x", "4:9", "did you mean `git_url`?"),
        ("projects:\n  - name: a\n    repos:\n      - repo_id: x", "4:9", "neither `path` nor `git_url`"),
        ("projects:\n  - repos: []", "2:5", "neither `project_id` nor `name`"),
        ("batch_size: 1001", "1:13", "a number from 1 to 1000"),
        ("batch_size: -1", "1:13", "a number from 1 to 1000"),
        ("projects: core", "1:11", "expected a list"),
        ("api_url: $NOWHERE", "1:10", "NOWHERE is not set"),
        ("api_url: x\napi_url: y", "2:1", "twice"),
        ("api_url: [", "1:11", "not YAML"),
        ("- a", "1:1", "expected api_url"),
        ("api_url:\n  x: 1", "2:3", "expected a text"),
    ],
)
def test_a_mistake_is_explained_with_its_place(tmp_path: Path, text: str, place: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/repos.yaml:{place}: ")
    assert words in str(caught.value)


def test_an_empty_file_says_how_to_get_a_full_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, "# nothing\n")
    assert caught.value.hint == "`tgl init` writes one"


def test_a_key_in_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"api_key: {KEY}", mode=0o640)
    assert "chmod 600" in str(caught.value.hint)
    assert read(tmp_path, "api_key: $TGL_API_KEY", mode=0o644, TGL_API_KEY=KEY).api_key == KEY


def test_the_file_is_looked_for_up_to_the_repository(tmp_path: Path) -> None:
    (tmp_path / "repos.yaml").touch()
    inner = tmp_path / "repository" / "src"
    inner.mkdir(parents=True)
    assert find_project_file(inner) == tmp_path / "repos.yaml"
    (tmp_path / "repository" / ".git").mkdir()
    assert find_project_file(inner) is None


def test_a_login_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "config" / "login.json"
    write_login(file, Login(url=HOME, keys={HOME: KEY}))
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_login(file).keys == {HOME: KEY}
    file.chmod(0o604)
    with pytest.raises(ConfigError) as caught:
        read_login(file)
    assert "chmod 600" in str(caught.value.hint)


def test_a_damaged_login_says_so(tmp_path: Path) -> None:
    file = tmp_path / "login.json"
    file.write_text("{")
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="damaged"):
        read_login(file)
