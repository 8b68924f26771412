"""Line statistics against `git log --shortstat`, commit by commit."""

from pathlib import Path

import pytest

from tests.client.history.reference import counts, rev_list, shortstat
from tests.client.history.repositories import linear_repository, random_repository
from tgl_client.history import Engine, open_repository
from tgl_protocol.commits import Commit

BOTH_ENGINES = pytest.mark.parametrize("engine", list(Engine))


def read_all(path: Path, engine: Engine | None = None, jobs: int = 0) -> list[Commit]:
    """Every commit of every branch."""
    with open_repository(path) as repository:
        walk = repository.walk(repository.tips().values())
        return list(repository.commits(walk.shas, engine=engine, jobs=jobs))


@BOTH_ENGINES
def test_a_linear_history_counts_like_git(tmp_path: Path, engine: Engine) -> None:
    path = linear_repository(tmp_path / "repo", commits=100)
    assert counts(read_all(path, engine)) == shortstat(path)


def test_a_history_with_merges_renames_and_binary_files_counts_like_git(tmp_path: Path) -> None:
    path = random_repository(tmp_path / "repo", commits=1500)
    assert counts(read_all(path, Engine.GIT)) == shortstat(path)


def test_the_walk_lists_every_commit_once_and_parents_first(tmp_path: Path) -> None:
    path = random_repository(tmp_path / "repo", commits=300)
    commits = read_all(path, Engine.GIT)
    place = {commit.sha: number for number, commit in enumerate(commits)}
    assert sorted(place) == sorted(rev_list(path))
    assert len(place) == len(commits)
    assert all(place[parent] < place[commit.sha] for commit in commits for parent in commit.parents or [])
