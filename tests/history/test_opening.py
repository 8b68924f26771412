"""Every kind of repository opens, or says in one sentence why not."""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.damage import unpack
from tests.support.reference import counts, read_all, shortstat
from tests.support.repositories import ENVIRONMENT, empty_repository, git, linear_repository, tip_of
from tgl_history import (
    CorruptRepository,
    Engine,
    ForeignOwner,
    HistoryError,
    NotARepository,
    PartialClone,
    UnsupportedRepository,
    open_repository,
)
from tgl_history.statistics.pygit2_engine import sound_objects

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")


def refusal(path: Path) -> HistoryError:
    """Why it cannot be opened."""
    with pytest.raises(HistoryError) as caught:
        open_repository(path)
    assert caught.value.message
    assert caught.value.hint
    return caught.value


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return linear_repository(tmp_path / "source", commits=5)


def test_a_bare_repository(tmp_path: Path, source: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(source), "mirror.git")
    assert counts(read_all(tmp_path / "mirror.git")) == shortstat(source)


def test_a_folder_inside_a_worktree(source: Path) -> None:
    (source / "deep" / "er").mkdir(parents=True)
    assert counts(read_all(source / "deep" / "er")) == shortstat(source)


def test_a_linked_worktree_sees_all_branches(tmp_path: Path, source: Path) -> None:
    git(source, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"), "main")
    with open_repository(tmp_path / "linked") as repository:
        assert set(repository.tips()) == {"refs/heads/main", "refs/heads/other"}
        assert repository.name == "source"
    assert counts(read_all(tmp_path / "linked")) == shortstat(source)


def test_a_submodule_checkout(tmp_path: Path, source: Path) -> None:
    outer = linear_repository(tmp_path / "outer", commits=1)
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(source), "inner")
    assert (outer / "inner" / ".git").is_file()
    assert counts(read_all(outer / "inner")) == shortstat(source)


def test_objects_borrowed_from_another_repository(tmp_path: Path, source: Path) -> None:
    git(tmp_path, "clone", "-q", "--shared", "--bare", str(source), "borrower")
    for engine in Engine:
        assert counts(read_all(tmp_path / "borrower", engine)) == shortstat(source)


def test_borrowed_objects_are_named_as_bytes_beside_a_damaged_one(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the folder for temporary files has a name in no encoding; Windows would write its own line ends."""
    git(tmp_path, "clone", "-q", "--shared", "--bare", str(source), "borrower")
    objects = tmp_path / "borrower" / "objects"
    (objects / "ab").mkdir(exist_ok=True)
    (objects / "ab" / ("c" * 38)).write_bytes(b"")
    odd = tmp_path / os.fsdecode(b"\xff")
    odd.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    with sound_objects(objects) as sound:
        assert (sound / "info" / "alternates").read_bytes() == os.fsencode(sound.parent / "1") + b"\n"


def test_the_environment_of_a_hook_does_not_redirect_us(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = linear_repository(tmp_path / "other", commits=2)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git" / "objects"))
    monkeypatch.setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", str(other / ".git" / "objects"))
    for engine in Engine:
        assert counts(read_all(source, engine)) == shortstat(source)


def test_a_path_with_spaces_and_other_letters(tmp_path: Path) -> None:
    path = linear_repository(tmp_path / "mein Täst :x", commits=3)
    for engine in Engine:
        assert counts(read_all(path, engine)) == shortstat(path)


def test_a_path_that_is_not_utf_8_has_a_name_that_is(tmp_path: Path) -> None:
    path = linear_repository(tmp_path / os.fsdecode(b"caf\xe9"), commits=3)
    with open_repository(path) as repository:
        assert repository.name == "caf\N{REPLACEMENT CHARACTER}"
    for engine in Engine:
        assert counts(read_all(path, engine)) == shortstat(path)


def test_an_empty_repository_has_no_tips(tmp_path: Path) -> None:
    with open_repository(empty_repository(tmp_path / "repo")) as repository:
        assert repository.tips() == {}
        assert repository.walk([]).shas == []
        assert list(repository.commits([])) == []


@pytest.mark.parametrize("name", ["nothing", "folder", "file"])
def test_what_is_no_repository(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("text")
    assert isinstance(refusal(tmp_path / name), NotARepository)


def test_a_sha_256_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256", "repo")
    found = refusal(tmp_path / "repo")
    assert isinstance(found, UnsupportedRepository)
    assert "SHA-256" in found.message


@pytest.mark.parametrize(("key", "word"), [("refstorage", "reftable"), ("fromthefuture", "fromthefuture")])
def test_an_extension_that_cannot_be_read(source: Path, key: str, word: str) -> None:
    git(source, "config", "core.repositoryformatversion", "1")
    git(source, "config", f"extensions.{key}", "reftable")
    found = refusal(source)
    assert isinstance(found, UnsupportedRepository)
    assert word in found.message


@NEEDS_ROOT
@pytest.mark.parametrize("linked", [False, True])
def test_the_hint_for_a_repository_of_another_user_works(tmp_path: Path, source: Path, linked: bool) -> None:
    path = tmp_path / "a linked one" if linked else source
    if linked:
        git(source, "worktree", "add", "-q", str(path), "-b", "other")
    for place in [path, *path.rglob("*")]:
        os.chown(place, 12345, 12345)
    found = refusal(path)
    assert isinstance(found, ForeignOwner)
    # Configuration is read once a process, so a new one has to follow the hint.
    home = tmp_path / "home"
    home.mkdir()
    world = {**ENVIRONMENT, "HOME": str(home), "GIT_CONFIG_GLOBAL": str(home / ".gitconfig")}
    subprocess.run(shlex.split(found.hint.split(": ", 1)[1]), env=world, check=True)
    script = "import sys, pathlib; from tgl_history import *; r = open_repository(pathlib.Path(sys.argv[1]));"
    script += "print(len(list(r.commits(r.walk(r.tips().values()).shas))))"
    done = subprocess.run([sys.executable, "-c", script, str(path)], env=world, stdout=subprocess.PIPE, check=True)
    assert done.stdout.strip() == b"5"


@pytest.fixture
def partial(tmp_path: Path, source: Path) -> Path:
    git(source, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", source.as_uri(), "partial")
    return tmp_path / "partial"


def test_the_hint_for_a_partial_clone_works(partial: Path, source: Path) -> None:
    found = refusal(partial)
    assert isinstance(found, PartialClone)
    for command in found.hint.split(": ", 1)[1].split(" && "):
        git(partial, *command.split()[1:])
    assert counts(read_all(partial)) == shortstat(source)


@pytest.mark.parametrize("engine", list(Engine))
def test_a_partial_clone_that_hides_its_filter_is_never_fetched_from(partial: Path, engine: Engine) -> None:
    git(partial, "config", "--unset", "remote.origin.partialclonefilter")
    with pytest.raises(PartialClone):
        read_all(partial, engine)


@pytest.mark.parametrize("engine", list(Engine))
@pytest.mark.parametrize("revision", ["main~2", "main~2^{tree}", "main~2:file.txt"])
def test_a_damaged_repository_is_named_as_such(source: Path, engine: Engine, revision: str) -> None:
    unpack(source)
    lost = git(source, "rev-parse", revision).decode()
    (source / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    with pytest.raises(CorruptRepository) as caught:
        read_all(source, engine)
    assert lost in caught.value.message


def test_the_name_is_the_last_part_of_the_remote_or_the_folder(source: Path) -> None:
    with open_repository(source) as repository:
        assert (repository.name, repository.remote_url) == ("source", None)
    git(source, "remote", "add", "origin", "https://me:secret@example.com/team/tool.git?private_token=secret")
    with open_repository(source) as repository:
        assert (repository.name, repository.remote_url) == ("tool", "https://example.com/team/tool.git")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("git@example.com:team/tool.git", "example.com:team/tool.git"),
        ("ssh://git@example.com:2222/team/tool.git", "ssh://example.com:2222/team/tool.git"),
        ("https://ghp_token@example.com/tool", "https://example.com/tool"),
        ("https://user:p@ss:w@rd@example.com/tool#x", "https://example.com/tool"),
        ("/srv/git/tool.git", "/srv/git/tool.git"),
        ("../tool", "../tool"),
    ],
)
def test_a_remote_is_shown_without_credentials(source: Path, url: str, shown: str) -> None:
    git(source, "config", "remote.origin.url", url)
    with open_repository(source) as repository:
        assert (repository.remote_url, repository.name) == (shown, "tool")


def test_opening_changes_nothing_in_the_repository(source: Path) -> None:
    before = {place: place.stat().st_mtime_ns for place in source.rglob("*")}
    read_all(source, Engine.GIT)
    read_all(source, Engine.PYGIT2)
    assert {place: place.stat().st_mtime_ns for place in source.rglob("*")} == before
    assert tip_of(source)
