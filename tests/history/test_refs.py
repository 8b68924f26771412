"""Branches, and nothing that only looks like one."""

from pathlib import Path

import pytest

from tests.support.damage import DAMAGES, damage
from tests.support.repositories import git, linear_repository, tip_of
from tgl_history import CorruptRepository, open_repository


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return linear_repository(tmp_path / "repo", commits=3)


def tips(path: Path, *globs: str, remotes: bool = False) -> dict[str, str]:
    """As the client asks for them."""
    with open_repository(path) as repository:
        return repository.tips(globs, remotes=remotes)


def set_ref(path: Path, name: str | bytes, target: str = "main") -> None:
    """Also for names that `git update-ref` would take only as bytes."""
    sha = git(path, "rev-parse", target)
    raw = name.encode() if isinstance(name, str) else name
    git(path, "update-ref", "--stdin", "-z", data=b"update " + raw + b"\0" + sha + b"\0\0")


def test_only_branches_are_listed(path: Path) -> None:
    git(path, "tag", "v1")
    for name in ("refs/pull/1/head", "refs/stash", "refs/notes/commits", "refs/original/main", "refs/remotes/o/x"):
        set_ref(path, name)
    git(path, "replace", "main", "main~1")
    assert tips(path) == {"refs/heads/main": tip_of(path)}


def test_remote_tracking_branches_are_listed_when_asked_without_their_head(path: Path) -> None:
    set_ref(path, "refs/remotes/origin/topic", "main~1")
    git(path, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/topic")
    assert set(tips(path, remotes=True)) == {"refs/heads/main", "refs/remotes/origin/topic"}


def test_a_glob_matches_the_full_or_the_short_name(path: Path) -> None:
    for name in ("feature/a", "feature/b/c", "release"):
        set_ref(path, f"refs/heads/{name}")
    set_ref(path, "refs/remotes/origin/feature/d")
    assert set(tips(path, "feature/*")) == {"refs/heads/feature/a", "refs/heads/feature/b/c"}
    assert set(tips(path, "refs/heads/rel*", "main")) == {"refs/heads/release", "refs/heads/main"}
    assert set(tips(path, "origin/*", remotes=True)) == {"refs/remotes/origin/feature/d"}
    assert tips(path, "nothing") == {}


def test_names_with_odd_characters_are_told_apart(path: Path) -> None:
    for name in ("with-ü", "a!b'c\"d", "emoji-\N{GRINNING FACE}"):
        set_ref(path, f"refs/heads/{name}")
    set_ref(path, b"refs/heads/caf\xe9", "main~1")
    set_ref(path, b"refs/heads/caf\xc3\xa9", "main~2")
    git(path, "pack-refs", "--all")
    found = tips(path)
    assert len(found) == 6
    assert {found["refs/heads/café"], found["refs/heads/caf\\xe9"]} == set(
        git(path, "rev-parse", "main~1", "main~2").decode().split()
    )


def test_a_detached_head_counts_when_no_branch_points_there(path: Path) -> None:
    older = git(path, "rev-parse", "main~1").decode()
    (path / ".git" / "HEAD").write_text(older + "\n")
    assert tips(path) == {"refs/heads/main": tip_of(path), "HEAD": older}
    assert set(tips(path, "main")) == {"refs/heads/main"}


def test_a_detached_head_on_a_branch_tip_adds_nothing(path: Path) -> None:
    (path / ".git" / "HEAD").write_bytes(git(path, "rev-parse", "main") + b"\n")
    assert set(tips(path)) == {"refs/heads/main"}


def test_an_unborn_branch_beside_others_adds_nothing(path: Path) -> None:
    git(path, "symbolic-ref", "HEAD", "refs/heads/unborn")
    assert set(tips(path)) == {"refs/heads/main"}


def test_a_symbolic_branch_is_the_branch_it_names(path: Path) -> None:
    git(path, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    git(path, "symbolic-ref", "refs/heads/dangling", "refs/heads/gone")
    assert tips(path) == {"refs/heads/main": tip_of(path), "refs/heads/alias": tip_of(path)}


@pytest.mark.parametrize("target", ["main^{tree}", "main:file.txt"])
def test_a_branch_that_is_no_commit_is_skipped(path: Path, target: str) -> None:
    (path / ".git" / "refs" / "heads" / "odd").write_bytes(git(path, "rev-parse", target) + b"\n")
    assert set(tips(path)) == {"refs/heads/main"}


@pytest.mark.parametrize("content", [b"", b"garbage\n", b"\0" * 41])
def test_a_branch_file_cut_off_by_a_crash_is_skipped_as_git_does(path: Path, content: bytes) -> None:
    (path / ".git" / "refs" / "heads" / "broken").write_bytes(content)
    assert set(tips(path)) == {"refs/heads/main"}


def test_a_branch_whose_commit_is_gone_is_damage(path: Path) -> None:
    (path / ".git" / "refs" / "heads" / "lost").write_text("1" * 40 + "\n")
    with pytest.raises(CorruptRepository, match="refs/heads/lost"):
        tips(path)


def test_a_branch_that_holds_an_annotated_tag_is_the_commit_that_was_tagged(path: Path) -> None:
    git(path, "tag", "-m", "annotated", "v1", "main~1")
    git(path, "tag", "-m", "a tag of a tag", "v2", "v1")
    (path / ".git" / "refs" / "heads" / "tagged").write_bytes(git(path, "rev-parse", "refs/tags/v2") + b"\n")
    assert tips(path)["refs/heads/tagged"] == git(path, "rev-parse", "main~1").decode()


def test_a_head_on_an_annotated_tag_is_the_commit_that_was_tagged(path: Path) -> None:
    git(path, "tag", "-m", "annotated", "v1", "main~1")
    (path / ".git" / "HEAD").write_bytes(git(path, "rev-parse", "refs/tags/v1") + b"\n")
    assert tips(path)["HEAD"] == git(path, "rev-parse", "main~1").decode()


def test_a_branch_that_names_itself_is_skipped_as_git_does(path: Path) -> None:
    (path / ".git" / "refs" / "heads" / "a").write_text("ref: refs/heads/a\n")
    assert tips(path) == {"refs/heads/main": tip_of(path)}


@pytest.mark.parametrize("how", ["filled with NUL", "garbage"])
def test_damaged_packed_refs_are_one_clear_error(path: Path, how: str) -> None:
    git(path, "pack-refs", "--all")
    damage(path / ".git" / "packed-refs", DAMAGES[how])
    with pytest.raises(CorruptRepository, match="branches"):
        tips(path)


def test_a_broken_branch_is_told_and_leaves_the_others(path: Path) -> None:
    heads = path / ".git" / "refs" / "heads"
    (heads / "lost").write_text("1" * 40 + "\n")
    (heads / "empty").write_bytes(b"")
    (heads / "folder").mkdir()
    broken: dict[str, str] = {}
    with open_repository(path) as repository:
        assert set(repository.tips(broken=broken.__setitem__)) == {"refs/heads/main"}
    assert set(broken) == {"refs/heads/lost", "refs/heads/empty"}


def test_ten_thousand_other_refs_do_no_harm(path: Path) -> None:
    git(path, "pack-refs", "--all")
    tip = tip_of(path)
    with (path / ".git" / "packed-refs").open("a") as packed:
        packed.writelines(f"{tip} refs/pull/{number:05}/head\n" for number in range(10_000))
    assert set(tips(path)) == {"refs/heads/main"}


def test_the_default_branch_is_what_origin_says_or_the_only_one_or_a_bare_head(path: Path, tmp_path: Path) -> None:
    def head(where: Path) -> str | None:
        with open_repository(where) as repository:
            return repository.head(repository.tips())

    assert head(path) == "refs/heads/main"
    git(path, "branch", "work")
    assert head(path) is None
    git(tmp_path, "clone", "-q", str(path), "clone")
    git(tmp_path / "clone", "checkout", "-q", "work")
    git(tmp_path, "clone", "-q", "--bare", str(path), "bare")
    assert [head(tmp_path / name) for name in ("clone", "bare")] == ["refs/heads/main"] * 2
