"""`tgl config` shows where settings come from and keeps some; `tgl logout` forgets a key."""

import json
from pathlib import Path

import pytest

from tests.support.command import tgl
from tests.support.faulty import KEY
from tgl_client.cli.config.act import KEPT

GOOD = {"url": "https://a.example.com", "project": "core", "batch_size": "50", "max_retries": "2", "timeout": "60.0",
        "jobs": "3", "engine": "pygit2", "update_notice": "off"}  # fmt: skip
BAD = {"url": "http://a.example.com", "project": " ", "batch_size": "0", "max_retries": "101", "timeout": "soon",
       "jobs": "many", "engine": "svn", "update_notice": "maybe"}  # fmt: skip


def _stored(tgl_home: Path, **content: object) -> Path:
    file = tgl_home / "config" / "login.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(content))
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("name", KEPT)
def test_what_is_set_is_found_again_and_can_be_forgotten(tgl_home: Path, name: str) -> None:
    before = tgl("config", "get", name).out
    assert tgl("config", "set", name, GOOD[name]).code == 0
    assert tgl("config", "get", name).out == f"{GOOD[name]}\n"
    listed = {line["setting"]: line for line in tgl("config", "list", "--json").json["settings"]}
    assert listed[name]["origin"] == str(tgl_home / "config" / "login.json")
    assert (tgl_home / "config" / "login.json").stat().st_mode & 0o777 == 0o600
    assert tgl("config", "unset", name).out == f"{name} is not kept any more\n"
    assert "was not kept" in tgl("config", "unset", name).out
    assert tgl("config", "get", name).out == before


@pytest.mark.parametrize("name", KEPT)
def test_what_cannot_be_is_not_kept(tgl_home: Path, name: str) -> None:
    done = tgl("config", "set", name, BAD[name])
    assert (done.code, done.err.startswith("error: "), "login.json" in done.err) == (2, True, False)
    assert name in done.err or name in ("url", "project"), "a number is said with its name"
    assert not (tgl_home / "config" / "login.json").exists()


def test_options_the_environment_and_files_win_over_what_is_kept(tmp_path: Path) -> None:
    tgl("config", "set", "batch_size", "50")
    (tmp_path / "repos.yaml").write_text("batch_size: 60\nprojects: [{name: a, repos: [{path: .}]}]\n")
    assert tgl("config", "get", "batch_size", cwd=tmp_path).out == "60\n"
    assert tgl("config", "get", "batch_size", cwd=tmp_path, TGL_BATCH_SIZE="70").out == "70\n"


def test_an_unknown_name_gets_the_nearest_and_a_key_is_not_set_here() -> None:
    for act in (["get", "max_retry"], ["set", "max_retry", "1"], ["unset", "max_retry"]):
        done = tgl("config", *act)
        assert (done.code, "did you mean max_retries?" in done.err) == (2, True)
    assert "`tgl login`" in tgl("config", "set", "api_key", KEY).err


def test_the_key_is_shown_by_its_prefix_only() -> None:
    shown = tgl("config", "list", TGL_API_KEY=KEY).out + tgl("config", "get", "api_key", TGL_API_KEY=KEY).out
    assert (KEY in shown, shown.endswith("...\n")) == (False, True)


def test_logging_out_forgets_the_key_of_the_server(tgl_home: Path) -> None:
    keys = {"https://a.example.com": KEY, "https://b.example.com": KEY}
    file = _stored(tgl_home, url="https://a.example.com", project="core", keys=keys, settings={"jobs": "2"})
    done = tgl("logout")
    assert (done.code, "forgot the key for https://a.example.com" in done.out) == (0, True)
    assert json.loads(file.read_text()) == {"keys": {"https://b.example.com": KEY}, "settings": {"jobs": "2"}}
    again = tgl("logout")
    assert (again.code, again.err.startswith("error: which server's key?\n")) == (2, True)
    assert "hint: keys are stored for: https://b.example.com; name one, as in `tgl logout https://b.ex" in again.err
    elsewhere = tgl("logout", "https://c.example.com").err
    assert elsewhere.startswith("error: no key is stored for https://c.example.com\nhint: keys are stored for: ")
    assert tgl("logout", "HTTPS://B.example.com:443/api/v1").code == 0
    assert json.loads(file.read_text()) == {"settings": {"jobs": "2"}}


def test_logging_out_everywhere_forgets_every_key(tgl_home: Path) -> None:
    file = _stored(tgl_home, keys={"https://a.example.com": KEY, "https://b.example.com": KEY})
    done = tgl("logout", "--all", TGL_API_KEY=KEY)
    assert (done.code, "TGL_API_KEY is set" in done.err, KEY in done.out + done.err) == (0, True, False)
    assert json.loads(file.read_text()) == {}
    assert tgl("logout", "--all").err == "error: no key is stored\n"
    assert tgl("logout", "https://a.example.com", "--all").code == 2


def test_a_variable_that_wins_over_what_is_kept_is_named() -> None:
    done = tgl("config", "set", "jobs", "2", TGL_JOBS="3")
    assert (done.code, done.err) == (0, "note: TGL_JOBS is set and wins over what is kept\n")
