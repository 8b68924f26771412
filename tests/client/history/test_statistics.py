"""Line statistics against `git log --shortstat`, commit by commit."""

from pathlib import Path

import pytest

from tests.client.history.odd_trees import PYGIT2_DIFFERS, STEPS, odd_repository
from tests.client.history.reference import counts, read_all, shortstat
from tests.client.history.repositories import commit, git, imported, linear_repository, random_repository
from tgl_client.history import Engine

BOTH_ENGINES = pytest.mark.parametrize("engine", list(Engine))


@BOTH_ENGINES
def test_a_linear_history_counts_like_git(tmp_path: Path, engine: Engine) -> None:
    path = linear_repository(tmp_path / "repo", commits=100)
    assert counts(read_all(path, engine)) == shortstat(path)


@pytest.mark.parametrize("seed", range(3))
def test_a_random_history_with_merges_counts_like_git(tmp_path: Path, seed: int) -> None:
    path = random_repository(tmp_path / "repo", commits=1000, seed=seed)
    assert counts(read_all(path, Engine.GIT)) == shortstat(path)


@pytest.mark.parametrize("name", STEPS)
def test_git_counts_an_odd_change_like_git_log(tmp_path: Path, name: str) -> None:
    path = odd_repository(tmp_path / "repo", STEPS[name])
    assert counts(read_all(path, Engine.GIT)) == shortstat(path)


@pytest.mark.parametrize("name", [name for name in STEPS if name not in PYGIT2_DIFFERS])
def test_pygit2_counts_an_odd_change_like_git_log(tmp_path: Path, name: str) -> None:
    path = odd_repository(tmp_path / "repo", STEPS[name])
    assert counts(read_all(path, Engine.PYGIT2)) == shortstat(path)


@pytest.mark.parametrize("name", sorted(PYGIT2_DIFFERS))
def test_pygit2_finds_other_renames_than_git(tmp_path: Path, name: str) -> None:
    path = odd_repository(tmp_path / "repo", STEPS[name])
    assert counts(read_all(path, Engine.PYGIT2)) != shortstat(path)


def test_pygit2_differs_in_few_commits_of_a_history_full_of_renames(tmp_path: Path) -> None:
    path = random_repository(tmp_path / "repo", commits=1000)
    found, expected = counts(read_all(path, Engine.PYGIT2)), shortstat(path)
    assert len([sha for sha in expected if found[sha] != expected[sha]]) < 20


@BOTH_ENGINES
def test_merges_count_nothing_and_keep_their_parents(tmp_path: Path, engine: Engine) -> None:
    ref = "refs/heads/main"
    stream = [
        commit(ref, 1, files={"a": b"a\n"}, first=True),
        *(commit(f"refs/heads/b{mark}", mark, parent=1, files={f"b{mark}": b"b\n"}) for mark in (2, 3, 4)),
        commit(ref, 5, parent=1, merged=[2], files={"b2": b"b\n", "evil": b"added in the merge\n"}),
        commit(ref, 6, parent=5, merged=[3, 4], files={"b3": b"b\n", "b4": b"b\n"}),
    ]
    path = imported(tmp_path / "repo", stream)
    commits = read_all(path, engine)
    assert counts(commits) == shortstat(path)
    merges = [(one.parent_count, one.is_merge, one.files_changed) for one in commits if one.is_merge]
    assert merges == [(2, True, 0), (3, True, 0)]


@BOTH_ENGINES
def test_the_same_parent_twice_is_a_merge_as_for_git(tmp_path: Path, engine: Engine) -> None:
    path = linear_repository(tmp_path / "repo", commits=2)
    tip = git(path, "rev-parse", "main").decode()
    who = "A <a@example.com> 1700000000 +0000"
    raw = f"tree {git(path, 'rev-parse', 'main~^{tree}').decode()}\n" + f"parent {tip}\n" * 2
    raw += f"author {who}\ncommitter {who}\n\nTwice\n"
    sha = git(path, "hash-object", "-t", "commit", "--literally", "-w", "--stdin", data=raw.encode()).decode()
    git(path, "update-ref", "refs/heads/main", sha)
    assert counts(read_all(path, engine)) == shortstat(path)


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_the_number_of_workers_changes_neither_order_nor_numbers(tmp_path: Path, jobs: int) -> None:
    path = random_repository(tmp_path / "repo", commits=400)
    assert read_all(path, Engine.GIT, jobs) == read_all(path, Engine.GIT)
