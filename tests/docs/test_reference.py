"""The reference is what the code says today, and .env.example what the settings are."""

import pytest

from tgl_server.settings import Settings, load_settings
from tools.reference import FOLDER, PAGES, env_example


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_generated(name: str) -> None:
    written = (FOLDER / name).read_text() if (FOLDER / name).exists() else ""
    assert written == PAGES[name](), f"docs/reference/{name} is out of date: run `just docs`"


def test_env_example_lists_every_setting_in_their_order() -> None:
    assert [setting.name for setting in env_example()] == [name.upper() for name in Settings.__struct_fields__]


def test_env_example_shows_the_defaults() -> None:
    assert load_settings({setting.name: setting.default for setting in env_example()}) == Settings()


def test_env_example_says_what_each_setting_is_for() -> None:
    assert [setting.name for setting in env_example() if not setting.meaning.endswith((".", ":"))] == []
