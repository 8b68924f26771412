"""Line statistics against `git log --shortstat`, commit by commit."""

from pathlib import Path

import pytest

from tests.support.odd_trees import PYGIT2_DIFFERS, STEPS, odd_repository
from tests.support.reference import Counts, counts, read_all, rev_list, shortstat
from tests.support.repositories import (
    add_commit,
    commit,
    git,
    imported,
    linear_repository,
    random_repository,
    raw_commit,
    tip_of,
)
from tgl_history import Engine

BOTH_ENGINES = pytest.mark.parametrize("engine", list(Engine))


@BOTH_ENGINES
def test_a_linear_history_counts_like_git(tmp_path: Path, engine: Engine) -> None:
    path = linear_repository(tmp_path / "repo", commits=100)
    assert counts(read_all(path, engine)) == shortstat(path)


@pytest.mark.parametrize("seed", range(3))
def test_a_random_history_with_merges_counts_like_git(tmp_path: Path, seed: int) -> None:
    path = random_repository(tmp_path / "repo", commits=1000, seed=seed)
    assert counts(read_all(path, Engine.GIT, by_file=seed > 0)) == shortstat(path)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return odd_repository(tmp_path_factory.mktemp("odd") / "repo")


@pytest.fixture(scope="module")
def expected(odd: Path) -> dict[str, Counts]:
    return shortstat(odd)


@pytest.fixture(scope="module")
def by_git(odd: Path) -> dict[str, Counts]:
    return counts(read_all(odd, Engine.GIT, by_file=True))


@pytest.fixture(scope="module")
def by_pygit2(odd: Path) -> dict[str, Counts]:
    return counts(read_all(odd, Engine.PYGIT2, by_file=True))


def different(odd: Path, name: str, found: dict[str, Counts], expected: dict[str, Counts]) -> list[str]:
    """The commits of one odd history that were counted otherwise."""
    branch = f"refs/heads/{list(STEPS).index(name)}"
    return [sha for sha in rev_list(odd, branch) if found[sha] != expected[sha]]


@pytest.mark.parametrize("name", STEPS)
def test_git_counts_an_odd_change_like_git_log(
    odd: Path, name: str, by_git: dict[str, Counts], expected: dict[str, Counts]
) -> None:
    assert different(odd, name, by_git, expected) == []


@pytest.mark.parametrize("name", [name for name in STEPS if name not in PYGIT2_DIFFERS])
def test_pygit2_counts_an_odd_change_like_git_log(
    odd: Path, name: str, by_pygit2: dict[str, Counts], expected: dict[str, Counts]
) -> None:
    assert different(odd, name, by_pygit2, expected) == []


@BOTH_ENGINES
def test_modes_that_git_writes_no_more_count_like_git(tmp_path: Path, engine: Engine) -> None:
    path = linear_repository(tmp_path / "repo", commits=1)
    blobs = [git(path, "hash-object", "-w", "--stdin", data=text) for text in (b"one\n", b"one\ntwo\n")]
    modes = ["100644", "100664", "100640", "100600", "100755", "100775", "100744", "100664", "100644"]
    for mode, blob in [(mode, blob) for blob in blobs for mode in modes]:
        tree = mode.encode() + b" a\0" + bytes.fromhex(blob.decode())
        sha = git(path, "hash-object", "-t", "tree", "--literally", "-w", "--stdin", data=tree).decode()
        add_commit(path, raw_commit(path, tree=sha, parents=[tip_of(path)]))
    assert counts(read_all(path, engine)) == shortstat(path)


@pytest.mark.parametrize("name", sorted(PYGIT2_DIFFERS))
def test_pygit2_finds_other_renames_than_git(
    odd: Path, name: str, by_pygit2: dict[str, Counts], expected: dict[str, Counts]
) -> None:
    assert different(odd, name, by_pygit2, expected) != []


def test_pygit2_differs_in_few_commits_of_a_history_full_of_renames(tmp_path: Path) -> None:
    path = random_repository(tmp_path / "repo", commits=1000)
    found, wanted = counts(read_all(path, Engine.PYGIT2)), shortstat(path)
    assert len([sha for sha in wanted if found[sha] != wanted[sha]]) < 20


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
    add_commit(path, raw_commit(path, parents=[tip_of(path)] * 2, tree="main~^{tree}"))
    assert counts(read_all(path, engine)) == shortstat(path)


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_the_number_of_workers_changes_neither_order_nor_numbers(tmp_path: Path, jobs: int) -> None:
    path = random_repository(tmp_path / "repo", commits=400)
    assert read_all(path, Engine.GIT, jobs) == read_all(path, Engine.GIT)
