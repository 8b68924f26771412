"""What a repository is called: never `.`, whatever it was cloned from."""

from pathlib import Path

import pytest

from tests.support.histories import git, make_repository
from tgl_history import open_repository
from tgl_history.naming import repository_name, without_credentials


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://git.example.com/team/app.git", "app"),
        ("git@git.example.com:app.git/", "app"),
        ("/srv/app/.", "app"),
        ("/srv/app/.git", "app"),
        ("C:\\work\\app\\.", "app"),
        (".", "folder"),
        ("./", "folder"),
        ("..", "folder"),
        ("../..", "folder"),
        ("../app", "app"),
        ("", "folder"),
        (None, "folder"),
    ],
)
def test_a_name_is_the_last_part_that_names_something(url: str | None, name: str) -> None:
    assert repository_name(url, Path("/srv/folder/.git")) == name


def test_a_clone_of_the_current_folder_is_called_like_it(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source", 1)
    git(source, "clone", "-q", ".", str(tmp_path / "clone"))
    with open_repository(tmp_path / "clone") as repository:
        assert repository.name == "source"


def test_an_address_that_cannot_be_taken_apart_hides_its_credentials_too() -> None:
    assert without_credentials("https://ann:secret@[::1/app.git?token=secret") == "https://[::1/app.git"
