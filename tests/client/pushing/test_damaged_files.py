"""Each file that git keeps, damaged in each way in which a power loss leaves it, and pushed by a real process.

Whatever happens to be damaged: no traceback, no hang, no success that is none, and a summary that adds up.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import tgl
from tests.support.damage import DAMAGES, damage, object_file
from tests.support.pushing import stored
from tests.support.repositories import ENVIRONMENT, commit, git, imported, linear_repository
from tgl_server.db.engine import Database

pytestmark = pytest.mark.usefixtures("settings")


def everything(path: Path) -> Path:
    """A repository with packed and loose objects and refs, a tag, an index and a commit graph."""
    linear_repository(path, commits=20)
    git(path, "branch", "older", "main~5")
    git(path, "tag", "-m", "annotated", "v1", "main~3")
    git(path, "repack", "-q", "-a", "-d")
    git(path, "commit-graph", "write", "--reachable")
    git(path, "pack-refs", "--all")
    side = commit("refs/heads/side", 30, first=True, files={"side.txt": b"side\n"})
    imported(path, [side, commit("refs/heads/side", 31, files={"top.txt": b"top\n"}, parent=30)])
    git(path, "read-tree", "main")
    return path


def shallow(path: Path) -> Path:
    """A shallow clone of one with everything."""
    source = everything(path.with_name("source"))
    git(path.parent, "clone", "-q", "--depth=4", "--no-single-branch", source.as_uri(), path.name)
    return path


def only(folder: str, pattern: str) -> Callable[[Path], Path]:
    return lambda path: next((path / ".git" / folder).glob(pattern))


FILES: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Path]]] = {
    "HEAD": (everything, lambda path: path / ".git" / "HEAD"),
    "config": (everything, lambda path: path / ".git" / "config"),
    "packed-refs": (everything, lambda path: path / ".git" / "packed-refs"),
    "a branch": (everything, lambda path: path / ".git" / "refs" / "heads" / "side"),
    "a loose commit": (everything, lambda path: object_file(path, "side")),
    "a loose tree": (everything, lambda path: object_file(path, "side^{tree}")),
    "a loose file": (everything, lambda path: object_file(path, "side:top.txt")),
    "a pack": (everything, only("objects/pack", "*.pack")),
    "an index of a pack": (everything, only("objects/pack", "*.idx")),
    "the commit graph": (everything, only("objects/info", "commit-graph")),
    "the index": (everything, lambda path: path / ".git" / "index"),
    "the shallow boundary": (shallow, lambda path: path / ".git" / "shallow"),
}
WAYS = [(file, how) for file in FILES for how in DAMAGES]
# One way for each file, another for the next one: together they show every way.
SAMPLE = [(file, list(DAMAGES)[number % len(DAMAGES)]) for number, file in enumerate(FILES)]


def git_reads(path: Path) -> set[str]:
    """The commits that `git log` prints before it meets the damage, if it does."""
    said = subprocess.run(
        ["git", "-C", str(path), "log", "--branches", "--format=@%H", "--shortstat"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    ).stdout
    return {line[1:] for line in said.splitlines() if line.startswith("@")}


async def check(path: Path, file: str, how: str, database: Database) -> None:
    make, place = FILES[file]
    damage(place(make(path)), DAMAGES[how])
    done = tgl("push", path, "--json", "--timeout", 30)
    there = await stored(database)
    [report] = done.json["repositories"]
    kept_back = git_reads(path) - there
    assert "time limit" not in done.err
    assert done.code in {0, 1, 2}, done.err
    assert done.code != 0 or not kept_back - boundary(path), (report, done.err)
    assert report["sent"] == len(there)
    numbers = ("already_there", "sent", "refused", "damaged", "held_back", "not_sent")
    assert report["walked"] == sum(report[number] for number in numbers)
    assert done.code == 0 or report["error"] or report["damaged"] or report["held_back"]


def boundary(path: Path) -> set[str]:
    """The commits whose statistics would be wrong, which are told and not sent."""
    file = path / ".git" / "shallow"
    return set(file.read_text(errors="replace").split()) if file.exists() else set()


@pytest.mark.parametrize(("file", "how"), SAMPLE, ids=[f"{file}, {how}" for file, how in SAMPLE])
async def test_a_damaged_file_is_no_hang_no_traceback_and_no_lie(
    tmp_path: Path, file: str, how: str, database: Database
) -> None:
    await check(tmp_path / "damaged", file, how, database)


@pytest.mark.slow
@pytest.mark.parametrize(("file", "how"), WAYS, ids=[f"{file}, {how}" for file, how in WAYS])
async def test_every_file_damaged_in_every_way_is_no_hang_no_traceback_and_no_lie(
    tmp_path: Path, file: str, how: str, database: Database
) -> None:
    await check(tmp_path / "damaged", file, how, database)
