"""Which commits are sent, and in which order."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.damage import DAMAGES, damage, object_file, unpack
from tests.support.reference import counts, read_all, rev_list, shortstat
from tests.support.repositories import (
    add_commit,
    commit,
    empty_repository,
    git,
    imported,
    linear_repository,
    random_repository,
    raw_commit,
    tip_of,
)
from tgl_history import Ancestry, CorruptRepository, Engine, HistoryError, Walk, open_repository


def walk(path: Path, *tips: str, hidden: tuple[str, ...] = (), since: datetime | None = None) -> Walk:
    """From all branches, or from those named."""
    with open_repository(path) as repository:
        return repository.walk(tips or repository.tips().values(), hidden, since)


def names(found: Walk) -> list[str]:
    return [sha.hex() for sha in found.shas]


def assert_parents_first(path: Path, found: Walk) -> None:
    """No commit before one of its parents, none twice."""
    place = {sha: number for number, sha in enumerate(names(found))}
    assert len(place) == len(found.shas)
    for line in git(path, "rev-list", "--branches", "--parents").decode().splitlines():
        sha, *parents = line.split()
        assert all(place.get(parent, -1) < place.get(sha, len(place)) for parent in parents)


def test_every_commit_of_every_branch_once_and_parents_first(tmp_path: Path) -> None:
    path = random_repository(tmp_path / "repo", commits=500)
    found = walk(path)
    assert sorted(names(found)) == sorted(rev_list(path))
    assert_parents_first(path, found)


def tangle(path: Path, seed: int) -> Path:
    """Random parents and clocks that are years wrong."""
    chance = random.Random(seed)
    stream = []
    for number in range(1, 121):
        older = chance.sample(range(1, number), min(number - 1, chance.randint(1, 3)))
        when = f"C <c@example.com> {chance.randint(1, 2_000_000_000)} +0000"
        head = f"commit refs/heads/b{number}\nmark :{number}\ncommitter {when}\ndata 0\n"
        lines = [f"{'merge' if place else 'from'} :{parent}\n" for place, parent in enumerate(older)]
        stream.append((head + "".join(lines) + "\n").encode())
    return imported(path, stream)


@pytest.mark.parametrize("seed", range(4))
def test_clocks_that_are_wrong_lose_no_commit(tmp_path: Path, seed: int) -> None:
    path = tangle(tmp_path / "repo", seed)
    every = rev_list(path)
    chance = random.Random(seed)
    for _ in range(10):
        tips, hidden = chance.sample(every, 3), chance.sample(every, 2)
        found = walk(path, *tips, hidden=tuple(hidden))
        expected = set(rev_list(path, *tips)) - set(rev_list(path, *hidden))
        assert expected <= set(names(found)) <= set(rev_list(path, *tips))
        assert_parents_first(path, found)


def test_what_the_server_has_is_hidden(tmp_path: Path) -> None:
    path = random_repository(tmp_path / "repo", commits=300)
    middle = rev_list(path, "main")[100]
    found = walk(path, hidden=(middle,))
    assert sorted(names(found)) == sorted(rev_list(path, "--branches", f"^{middle}"))


def test_nothing_is_new_when_the_server_has_the_tips(tmp_path: Path) -> None:
    path = random_repository(tmp_path / "repo", commits=100)
    with open_repository(path) as repository:
        tips = repository.tips().values()
        assert repository.walk(tips, tips) == Walk(found_hidden=True)
        assert repository.walk((), ("ab" * 20,)) == Walk()


def test_hidden_commits_that_are_unknown_or_no_commits_are_ignored(tmp_path: Path) -> None:
    path = linear_repository(tmp_path / "repo", commits=5)
    blob = git(path, "rev-parse", "main:file.txt").decode()
    assert len(walk(path, hidden=("1" * 40, blob, "not a sha")).shas) == 5


def test_a_rewritten_branch_is_walked_from_where_it_left(tmp_path: Path) -> None:
    path = linear_repository(tmp_path / "repo", commits=5)
    pushed = tip_of(path)
    amended = add_commit(path, raw_commit(path, parents=[git(path, "rev-parse", "main~2").decode()]))
    assert names(walk(path, hidden=(pushed,))) == [amended]


def test_since_keeps_what_was_committed_later_wherever_it_is(tmp_path: Path) -> None:
    path = tangle(tmp_path / "repo", seed=9)
    since = datetime.fromtimestamp(1_000_000_000, UTC)
    expected = rev_list(path, "--branches", "--since-as-filter=1000000000")
    assert sorted(names(walk(path, since=since))) == sorted(expected)


def test_a_history_with_unreadable_dates_is_walked_too(tmp_path: Path) -> None:
    path = linear_repository(tmp_path / "repo", commits=3)
    pushed = tip_of(path)
    broken = add_commit(path, raw_commit(path, committer=b"C <c@example.com> never", parents=[pushed]))
    last = add_commit(path, raw_commit(path, parents=[broken]))
    assert sorted(names(walk(path))) == sorted(rev_list(path))
    assert names(walk(path, hidden=(pushed,))) == [broken, last]
    assert names(walk(path, since=datetime(2023, 11, 14, 22, tzinfo=UTC))) == [last]


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("revision", ["main", "main~2"])
def test_a_damaged_loose_commit_is_named_and_the_others_are_found(tmp_path: Path, revision: str, how: str) -> None:
    path = linear_repository(tmp_path / "repo", commits=5)
    unpack(path)
    lost = git(path, "rev-parse", revision).decode()
    kept = rev_list(path, "main", f"^{revision}")
    damage(object_file(path, revision), DAMAGES[how])
    unreadable: dict[str, str] = {}
    with open_repository(path) as repository:
        found = repository.walk([path_tip(path)], unreadable=unreadable.__setitem__)
    assert (names(found), list(unreadable)) == (kept[::-1], [lost])
    assert "damaged" in unreadable[lost]


def path_tip(path: Path) -> str:
    """The tip of `main` as its file says, whatever became of the commit."""
    return (path / ".git" / "refs" / "heads" / "main").read_text().strip()


def test_a_loose_commit_that_was_cut_off_is_read_from_a_pack_that_has_it(tmp_path: Path) -> None:
    path = linear_repository(tmp_path / "repo", commits=5)
    git(path, "repack", "-q", "-a")
    damage(object_file(path, "main"), lambda content: content[:79])
    assert sorted(names(walk(path))) == sorted(rev_list(path))


def test_a_commit_with_more_children_than_sixteen_bits_count_keeps_its_ancestors(tmp_path: Path) -> None:
    head = "commit refs/heads/fan\nmark :{}\ncommitter C <c@example.com> {} +0000\ndata 0\n{}\n"
    stream = [head.format(1, 1, ""), head.format(2, 2, "from :1\n")]
    stream += [head.format(number, number, "from :2\n") for number in range(3, 65_539)]
    path = empty_repository(tmp_path / "repo")
    marks = tmp_path / "marks"
    git(path, "fast-import", "--quiet", "--force", f"--export-marks={marks}", data="".join(stream).encode())
    every = [line.split()[1] for line in marks.read_text().splitlines()]
    assert len(walk(path, *every[2:]).shas) == len(every) == 65_538


def test_a_clone_as_deep_as_its_history_keeps_its_root(tmp_path: Path) -> None:
    source = linear_repository(tmp_path / "source", commits=1)
    git(tmp_path, "clone", "-q", "--depth=1", source.as_uri(), "shallow")
    (tmp_path / "shallow" / ".git" / "shallow").write_text(tip_of(source) + "\n")
    found = walk(tmp_path / "shallow")
    assert (names(found), found.skipped_at_boundary) == ([tip_of(source)], 0)


@pytest.mark.parametrize("how", ["filled with NUL", "garbage", "one byte"])
def test_a_damaged_list_of_shallow_commits_is_damage(tmp_path: Path, how: str) -> None:
    source = linear_repository(tmp_path / "source", commits=5)
    git(tmp_path, "clone", "-q", "--depth=2", source.as_uri(), "shallow")
    damage(tmp_path / "shallow" / ".git" / "shallow", DAMAGES[how])
    with pytest.raises(HistoryError, match="shallow"):
        walk(tmp_path / "shallow")


def test_a_tip_that_is_not_there_is_damage(tmp_path: Path) -> None:
    path = linear_repository(tmp_path / "repo", commits=2)
    with pytest.raises(CorruptRepository, match="1111"):
        walk(path, "1" * 40)


@pytest.mark.parametrize("engine", list(Engine))
@pytest.mark.parametrize("depth", [1, 3])
def test_the_boundary_of_a_shallow_clone_is_skipped(tmp_path: Path, depth: int, engine: Engine) -> None:
    source = linear_repository(tmp_path / "source", commits=10)
    git(tmp_path, "clone", "-q", f"--depth={depth}", source.as_uri(), "shallow")
    found = walk(tmp_path / "shallow")
    assert (len(found.shas), found.skipped_at_boundary) == (depth - 1, 1)
    expected = shortstat(source)
    for sha, counted in counts(read_all(tmp_path / "shallow", engine)).items():
        assert counted == expected[sha]


def test_a_shallow_clone_with_merges_skips_every_boundary_commit(tmp_path: Path) -> None:
    source = random_repository(tmp_path / "source", commits=200)
    git(tmp_path, "clone", "-q", "--depth=20", "--no-single-branch", "--bare", source.as_uri(), "shallow")
    path = tmp_path / "shallow"
    boundary = set((path / "shallow").read_text().split())
    found = walk(path)
    assert set(names(found)) == set(rev_list(path)) - boundary
    assert found.skipped_at_boundary == len(boundary)
    assert_parents_first(path, found)


def test_hiding_works_in_a_shallow_clone(tmp_path: Path) -> None:
    source = linear_repository(tmp_path / "source", commits=10)
    git(tmp_path, "clone", "-q", "--depth=5", "--bare", source.as_uri(), "shallow")
    path = tmp_path / "shallow"
    found = walk(path, hidden=(git(path, "rev-parse", "main~1").decode(), "1" * 40))
    assert (names(found), found.skipped_at_boundary) == ([tip_of(path)], 0)


def test_a_clone_made_whole_again_sends_everything(tmp_path: Path) -> None:
    source = linear_repository(tmp_path / "source", commits=10)
    git(tmp_path, "clone", "-q", "--depth=2", source.as_uri(), "shallow")
    git(tmp_path / "shallow", "fetch", "-q", "--unshallow")
    found = walk(tmp_path / "shallow")
    assert (len(found.shas), found.skipped_at_boundary) == (10, 0)


def test_two_roots_and_an_unrelated_branch(tmp_path: Path) -> None:
    stream = [
        commit("refs/heads/main", 1, first=True, files={"a": b"a\n"}),
        commit("refs/heads/other", 2, first=True, files={"b": b"b\n"}),
        commit("refs/heads/main", 3, parent=1, merged=[2], files={"b": b"b\n"}),
        commit("refs/heads/island", 4, first=True, files={"c": b"c\n"}),
    ]
    path = imported(tmp_path / "repo", stream)
    assert sorted(names(walk(path))) == sorted(rev_list(path))


def test_the_ancestry_names_what_lies_beyond_a_shallow_boundary(tmp_path: Path) -> None:
    source = linear_repository(tmp_path / "source", 5)
    every = git(source, "rev-list", "--reverse", "main").decode().split()
    git(tmp_path, "clone", "-q", "--depth=2", source.as_uri(), "shallow")
    with open_repository(source) as whole, open_repository(tmp_path / "shallow") as part:
        assert whole.ancestry(every[-1:]) == Ancestry(list(map(bytes.fromhex, every)), [bytes.fromhex(every[0])])
        assert part.ancestry(every[-1:]) == Ancestry(list(map(bytes.fromhex, every[2:])), is_shallow=True)
        assert part.has_any(every[3:])
        assert not part.has_any(every[:3])
