"""Which git counts the lines: a usable one that is on the PATH, else libgit2 does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repositories import linear_repository
from tgl_history import Engine, StatisticsFailed, default_engine, open_repository
from tgl_history.statistics import git_engine


@pytest.fixture(autouse=True)
def _git_is_looked_for_anew() -> Iterator[None]:
    """A process looks for git once."""
    git_engine.usable_git.cache_clear()
    yield
    git_engine.usable_git.cache_clear()


def test_without_git_the_default_is_pygit2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = linear_repository(tmp_path / "repo", commits=3)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert default_engine() is Engine.PYGIT2
    with open_repository(path) as repository:
        shas = repository.walk(repository.tips().values()).shas
        assert len(list(repository.commits(shas))) == 3
        with pytest.raises(StatisticsFailed, match=r"no git 2\.25"):
            list(repository.commits(shas, engine=Engine.GIT))


@pytest.mark.parametrize(
    ("said", "engine"),
    [
        ("git version 2.24.9", Engine.PYGIT2),
        ("git version 2.25.0", Engine.GIT),
        ("git version 10.0.windows.1", Engine.GIT),
        ("what?", Engine.PYGIT2),
    ],
)
def test_an_old_git_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, engine: Engine) -> None:
    (tmp_path / "git").write_text(f"#!/bin/sh\necho '{said}'\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert default_engine() is engine
