"""A wrong repos.yaml is explained, with the place of the mistake."""

from pathlib import Path

import pytest

from tests.support.settings import written
from tgl_client.errors import ConfigError
from tgl_protocol.keys import generate_api_key

KEY = generate_api_key().full_key


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
        (
            "projects:\n  - name: a\n    repos:\n      - repo_id: https://x/app.git\n        path: x",
            "4:18",
            "is an address",
        ),
        ("api_url: [", "1:11", "not YAML"),
        ("- a", "1:1", "expected api_url"),
        ("projects:\n  - name: a\n    repos:\n      - path: x\n        join_history: maybe", "5:23", "true or false"),
        ("api_url:\n  x: 1", "2:3", "expected a text"),
    ],
)
def test_a_mistake_is_explained_with_its_place(tmp_path: Path, text: str, place: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        written(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/repos.yaml:{place}: ")
    assert words in str(caught.value)


def test_an_empty_file_says_how_to_get_a_full_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        written(tmp_path, "# nothing\n")
    assert caught.value.hint == "`tgl init` writes one"


def test_a_key_in_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        written(tmp_path, f"api_key: {KEY}", mode=0o640)
    assert "chmod 600" in str(caught.value.hint)
    assert written(tmp_path, "api_key: $TGL_API_KEY", mode=0o644, TGL_API_KEY=KEY).api_key == KEY


@pytest.mark.parametrize(
    ("entry", "hint"),
    [
        ("name: app", "here it is `repo_id`"),
        ("url: https://x/app", "here it is `git_url`"),
        ("repo_id: https://x/team/app.git\n        path: x", "write `repo_id: app`, and the address as `git_url`"),
    ],
)
def test_a_file_of_another_client_gets_a_hint(tmp_path: Path, entry: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        written(tmp_path, f"projects:\n  - name: a\n    repos:\n      - {entry}")
    assert caught.value.hint == hint
