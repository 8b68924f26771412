"""Commits by what people call them, and the branches that have them."""

from pathlib import Path

import pytest

from tests.support.damage import object_file, unpack
from tests.support.reference import rev_list
from tests.support.repositories import (
    add_commit,
    empty_repository,
    git,
    linear_repository,
    random_repository,
    raw_commit,
    tip_of,
)
from tgl_history import CorruptRepository, open_repository


@pytest.mark.parametrize("is_packed", [True, False])
def test_a_commit_is_found_by_every_name_that_git_knows(tmp_path: Path, is_packed: bool) -> None:
    path = random_repository(tmp_path / "repo", commits=120)
    git(path, "tag", "-a", "-m", "one", "v1", "main~3")
    git(path, "update-ref", "refs/remotes/origin/main", "main~1")
    if not is_packed:
        unpack(path)
    merge = rev_list(path, "--min-parents=2", "main")[0]
    names = ["HEAD", "@", "main", "heads/main", "refs/heads/main", "v1", "origin/main", "HEAD~2", "main~1~3", "main^"]
    names += ["main^0", tip_of(path)[:9], tip_of(path).upper(), f"{merge}^2", f"{merge[:12]}^2~0"]
    with open_repository(path) as repository:
        for name in names:
            assert repository.find(name) == [git(path, "rev-parse", f"{name}^{{commit}}").decode().strip()], name


@pytest.mark.parametrize("name", ["nobody", "main~999", "main^3", "abc", "0000000", "", "~x", "main@{1}", "\0", "-x"])
def test_what_nothing_here_is_called_finds_nothing(tmp_path: Path, name: str) -> None:
    path = linear_repository(tmp_path / "repo", commits=5)
    with open_repository(path) as repository:
        assert repository.find(name) == []


def test_shas_that_begin_alike_are_all_found_and_files_are_no_commits(tmp_path: Path) -> None:
    path = linear_repository(tmp_path / "repo", commits=3000)
    names = [line[:4] for line in rev_list(path)]
    twice = next(name for name in names if names.count(name) > 1)
    blob = git(path, "rev-parse", "main:file.txt").decode().strip()
    with open_repository(path) as repository:
        assert repository.find(twice) == sorted(sha for sha in rev_list(path) if sha.startswith(twice))
        assert repository.find(blob) == []


def test_the_branches_of_a_commit_are_those_that_git_names(tmp_path: Path) -> None:
    path = random_repository(tmp_path / "repo", commits=200)
    for number, sha in enumerate(rev_list(path, "main")[::40]):
        git(path, "branch", f"b{number}", sha)
    with open_repository(path) as repository:
        for sha in rev_list(path)[::7]:
            listed = git(path, "for-each-ref", "--contains", sha, "--format=%(refname)", "refs/heads").decode().split()
            assert sorted(repository.whereabouts(sha).tips) == sorted(listed)


def test_a_branch_with_wrong_clocks_is_still_found_where_it_is_the_only_one(tmp_path: Path) -> None:
    path = empty_repository(tmp_path / "repo")
    first = add_commit(path, raw_commit(path, committer=b"C <c@example.com> 2000000000 +0000"))
    add_commit(path, raw_commit(path, parents=[first], committer=b"C <c@example.com> 1000000000 +0000"))
    with open_repository(path) as repository:
        assert list(repository.whereabouts(first).tips) == ["refs/heads/main"]


def test_a_commit_on_no_branch_has_none(tmp_path: Path) -> None:
    path = linear_repository(tmp_path / "repo", commits=5)
    amended = tip_of(path)
    git(path, "update-ref", "refs/heads/main", "main~1")
    with open_repository(path) as repository:
        found = repository.whereabouts(amended)
    assert (found.tips, found.is_boundary, found.sha) == ({}, False, amended)


def test_a_shallow_clone_knows_its_boundary(tmp_path: Path) -> None:
    source = linear_repository(tmp_path / "repo", commits=5)
    git(tmp_path, "clone", "-q", "--depth=2", source.as_uri(), "clone")
    with open_repository(tmp_path / "clone") as repository:
        assert repository.is_shallow
        assert repository.whereabouts(repository.find("HEAD~1")[0]).is_boundary
        assert repository.find("HEAD~2") == []
    with open_repository(source) as repository:
        assert not repository.is_shallow


def test_a_commit_that_is_damaged_is_told(tmp_path: Path) -> None:
    path = linear_repository(tmp_path / "repo", commits=5)
    unpack(path)
    broken = tip_of(path)
    file = object_file(path, broken)
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:10])
    with open_repository(path) as repository:
        assert repository.find(broken) == [broken]
        with pytest.raises(CorruptRepository, match="damaged"):
            repository.whereabouts(broken)
