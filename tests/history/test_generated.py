"""Generated, vendored and lock files: which paths are, by our patterns and by a repository's attributes."""

from pathlib import Path

import pytest
from msgspec import UNSET

from tests.support.histories import git, make_repository
from tests.support.reference import counts, read_all, shortstat
from tgl_history import Engine, open_repository
from tgl_history.generated import BUILT_IN, WITH_ATTRIBUTES, GeneratedFiles, new_path

ATTRIBUTES = """
# comment linguist-generated
*.api.json linguist-generated=true
docs/** linguist-generated
/tools/*.py -linguist-vendored
vendor/ours/** linguist-vendored=false
src/**/made.c text linguist-vendored eol=lf
*.txt text
"""


@pytest.mark.parametrize(
    ("path", "by_us", "with_attributes"),
    [
        ("package-lock.json", True, True),
        ("web/yarn.lock", True, True),
        ("yarn.lock.md", False, False),
        ("my-package-lock.json", False, False),
        ("vendor/theirs/a.go", True, True),
        ("vendor/ours/a.go", True, False),
        ("invendor/a.go", False, False),
        ("app/node_modules/x/y.js", True, True),
        ("static/app.min.js", True, True),
        ("static/min.js", False, False),
        ("api/user_pb2.py", True, True),
        ("v1.api.json", False, True),
        ("docs/a/b.md", False, True),
        ("mydocs/a.md", False, False),
        ("src/made.c", False, True),
        ("src/a/b/made.c", False, True),
        ("made.c", False, False),
        ("notes.txt", False, False),
        ("tools/user_pb2.py", True, False),
    ],
)
def test_a_path_is_generated_or_not(path: str, by_us: bool, with_attributes: bool) -> None:
    assert GeneratedFiles().includes(path) is by_us
    assert GeneratedFiles(ATTRIBUTES).includes(path) is with_attributes


@pytest.mark.parametrize(
    ("shown", "path"),
    [
        ("a/b.c", "a/b.c"),
        ("old.c => new.c", "new.c"),
        ("a/{old => new}/c", "a/new/c"),
        ("a/{ => vendor}/c", "a/vendor/c"),
        ("a/{vendor => }/c", "a/c"),
        ('"a/\\303\\251.lock"', "a/\\303\\251.lock"),
    ],
)
def test_the_path_after_a_renaming_is_the_one_that_counts(shown: str, path: str) -> None:
    assert new_path(shown) == path


def test_a_hostile_pattern_takes_no_time_and_a_broken_one_is_no_rule() -> None:
    lines = "\n".join(["a*" * 50 + "b linguist-generated", "[a linguist-generated", "x" * 1000 + " linguist-generated"])
    assert GeneratedFiles(lines).name == BUILT_IN
    assert GeneratedFiles("a*a*a*a*a*a*b linguist-generated").includes("a" * 200) is False


@pytest.mark.parametrize("engine", list(Engine))
def test_lines_of_generated_files_are_summed_and_all_counts_stay_gits(tmp_path: Path, engine: Engine) -> None:
    path = make_repository(tmp_path / "repo", 2)
    git(path, "reset", "-q", "--hard")

    def write(**files: int) -> None:
        for name, lines in files.items():
            file = path / name.replace("__", "/").replace("_", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(f"{number}\n" for number in range(lines)))
        git(path, "add", "-A")
        git(path, "-c", "user.name=Ada", "-c", "user.email=a@x", "commit", "-q", "-m", "files")

    write(yarn_lock=7, src__a_c=3, _gitattributes=0)
    (path / ".gitattributes").write_text("docs/** linguist-generated\n")
    write(docs__a_md=20, src__a_c=5)
    git(path, "mv", "docs/a.md", "moved.md")
    write(yarn_lock=2, src__a_c=5)
    (path / "vendor").mkdir()
    (path / "vendor" / "front end").write_bytes(b"1\n" * 9)
    (path / "vendor" / "picture").write_bytes(b"\x00\x01" * 300)
    write(src__a_c=6)
    with open_repository(path) as repository:
        files = repository.generated_files()
        assert files.name == WITH_ATTRIBUTES
        shas = repository.walk(repository.tips().values()).shas
        commits = list(repository.commits(shas, engine=engine, generated=files))
    assert counts(commits) == shortstat(path)
    said = [(each.generated_additions, each.generated_deletions, each.generated_rules) for each in commits[2:]]
    assert said == [(7, 0, WITH_ATTRIBUTES), (20, 0, WITH_ATTRIBUTES), (0, 5, WITH_ATTRIBUTES), (9, 0, WITH_ATTRIBUTES)]
    assert commits[0].generated_rules is read_all(path, engine)[2].generated_rules is UNSET
