"""Names made from elsewhere: always acceptable, and unchanged where they were so already."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgl_server.projects.names import as_repo_name, repo_name_fault


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("linux-3fa1c2", "linux-3fa1c2"),
        ("My Räpo-3fa1c2", "My Räpo-3fa1c2"),
        ("a\nb\udcff/c-3fa1c2", "a-b--c-3fa1c2"),
        ("x" * 200 + "-3fa1c2", "x" * 93 + "-3fa1c2"),
        ("0123456789abcdef0123456789-3fa1c2", "repo0123456789abcdef0123456789-3fa1c2"),
        ("", "repo"),
        ("..", "repo.."),
    ],
)
def test_a_folder_s_name_becomes_the_nearest_repository_name(folder: str, name: str) -> None:
    assert as_repo_name(folder) == name


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_a_name_that_is_accepted(text: str) -> None:
    name = as_repo_name(text)
    assert 1 <= len(name) <= 100
    assert repo_name_fault(name) is None
    assert name.encode()
