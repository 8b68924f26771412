"""The reference is what the code says today, and .env.example what the settings are."""

import pydoc
from typing import get_args

import pytest

import tgl_client
from tgl_client.pushing.options import EngineName
from tgl_history import Engine
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


def test_help_shows_the_public_names_of_the_client_with_their_docstrings_and_the_version() -> None:
    shown = pydoc.plain(pydoc.render_doc(tgl_client))
    assert f"VERSION\n    {tgl_client.__version__}\n" in shown
    page = PAGES["python.md"]()
    for name in set(tgl_client.__all__) - {"__version__"}:
        named = getattr(tgl_client, name)
        (first, *_) = named.__doc__.splitlines()
        assert f"    class {name}(" in shown
        assert first in shown
        assert f"## tgl_client.{name}\n" in page
        public = [member for member, value in vars(named).items() if callable(value) and not member.startswith("_")]
        assert [member for member in public if not getattr(named, member).__doc__] == []


def test_the_engines_that_options_name_are_those_that_there_are() -> None:
    assert set(get_args(EngineName)) == set(Engine)
