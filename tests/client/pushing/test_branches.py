"""Branch filters: what they choose, and that a filter which matches nothing is no success."""

from pathlib import Path

import pytest

from tests.support.command import tgl
from tests.support.histories import git, make_repository
from tgl_client.errors import UsageError
from tgl_client.pushing.branches import chosen

NAMES = ("main", "release/1", "release/2", "dependabot/npm", "feature")
TIPS = {f"refs/heads/{name}": name for name in NAMES}


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ([], NAMES),
        (["main"], ("main",)),
        (["refs/heads/main"], ("main",)),
        (["release/*"], ("release/1", "release/2")),
        (["!dependabot/*"], ("main", "release/1", "release/2", "feature")),
        (["release/*", "!release/1"], ("release/2",)),
        (["@default"], ("main",)),
        (["@default", "release/*", "!*/2"], ("main", "release/1")),
        (["!@default"], ("release/1", "release/2", "dependabot/npm", "feature")),
        (["!*"], ()),
    ],
)
def test_filters_choose_and_leave_out(filters: list[str], left: tuple[str, ...]) -> None:
    assert tuple(chosen(TIPS, filters, "main").values()) == left


def test_the_default_branch_is_the_one_named_else_the_usual_one() -> None:
    assert list(chosen(TIPS, ["@default"], "feature").values()) == ["feature"]
    assert list(chosen(TIPS, ["@default"], "gone").values()) == ["main"]
    assert chosen({"refs/remotes/origin/main": "x"}, ["@default"], None) == {"refs/remotes/origin/main": "x"}


@pytest.mark.parametrize(("wanted", "first"), [("mian", "main"), ("featur", "feature"), ("release/3", "release/1")])
def test_a_filter_that_matches_nothing_names_what_exists_the_nearest_first(wanted: str, first: str) -> None:
    with pytest.raises(UsageError, match=f"no branch matches {wanted}") as caught:
        chosen(TIPS, [wanted, "!dependabot/*"], "main")
    assert str(caught.value.hint).startswith(f"there are: {first}, ")


@pytest.mark.usefixtures("settings")
def test_a_misspelt_branch_is_an_error_everywhere(repository: Path) -> None:
    for dry in ([], ["--dry-run"], ["--dry-run", "--full"]):
        done = tgl("push", repository, "--branch", "mian", *dry)
        assert (done.code, "no branch matches mian\nhint: there are: main" in done.err) == (2, True), done
    (repository / "repos.yaml").write_text(
        "projects: [{name: demo, repos: [{path: ., repo_id: first, branches: [mastre]}]}]"
    )
    assert tgl("push", cwd=repository).code == 2
    assert tgl("status", cwd=repository).code == 2
    tested = tgl("test", cwd=repository)
    assert (tested.code, "no branch matches mastre" in tested.out) == (2, True)


@pytest.mark.usefixtures("settings")
def test_exclusions_and_the_default_work_in_flags_files_and_hooks(tmp_path: Path) -> None:
    origin = make_repository(tmp_path / "origin", 2, "trunk")
    git(origin, "checkout", "-q", "trunk")
    git(tmp_path, "clone", "-q", str(origin), "clone")
    clone = tmp_path / "clone"
    git(clone, "checkout", "-q", "-b", "dependabot/npm")
    assert _recorded("push", "--branch", "@default", cwd=clone) == 1
    (clone / "repos.yaml").write_text(
        'projects: [{name: demo, repos: [{path: ., repo_id: first, branches: ["!dependabot/*"]}]}]'
    )
    assert _recorded("push", "--recheck", cwd=clone) == 1
    tgl("hook", "install", clone, "--branch", "@default", "--branch", "!it's/*")
    script = (clone / ".git" / "hooks" / "post-commit").read_text()
    assert """hook run --branch=@default '--branch=!it'"'"'s/*' """ in script
    assert tgl("hook", "run", "--branch=@default", clone).code == 0


def _recorded(*args: str, cwd: Path) -> int:
    """How many branch tips the push recorded."""
    return int(tgl(*args, "--json", cwd=cwd).json["repositories"][0]["refs_recorded"])
