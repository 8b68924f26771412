"""What is unpacked of a repository that may be hostile."""

from pathlib import Path

import pytest

from tests.support.repositories import git, linear_repository
from tgl_history import open_repository
from tgl_history.objects import MOST_BYTES


@pytest.mark.parametrize("is_packed", [True, False])
def test_a_commit_that_is_small_only_while_compressed_is_named_and_not_read(tmp_path: Path, is_packed: bool) -> None:
    path = linear_repository(tmp_path / "repo", commits=3)
    content = git(path, "cat-file", "commit", "main") + b"\n" + b"x" * MOST_BYTES
    large = git(path, "hash-object", "-t", "commit", "-w", "--stdin", data=content).decode()
    git(path, "update-ref", "refs/heads/large", large)
    if is_packed:
        git(path, "repack", "-a", "-d", "-q")
    unreadable: dict[str, str] = {}
    with open_repository(path) as repository:
        tips = git(path, "rev-parse", "main").decode(), large
        found = repository.walk(tips, unreadable=unreadable.__setitem__)
    assert (len(found.shas), set(unreadable)) == (3, {large})
