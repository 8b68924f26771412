"""Reading a history against `git log --numstat -M` of the same commits, in one run on one machine.

    python benchmarks/history.py REPOSITORY [--commits 15000] [--skip 20000] [--engine git] [--jobs 2] [--compare]

`--compare` checks every commit's counts against `git log --shortstat` instead of the clock.
"""

import argparse
import os
import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from tgl_history import Engine, Repository, open_repository

_SHORTSTAT = re.compile(r"(\d+) files? changed(?:, (\d+) insertions?\(\+\))?(?:, (\d+) deletions?\(-\))?")


class PeakMemory(threading.Thread):
    """Private memory in MB, the highest seen: of this process, and of its largest child."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.own = self.child = 0.0
        self._done = threading.Event()

    def run(self) -> None:
        me = psutil.Process()
        while not self._done.wait(0.2):
            self.own = max(self.own, _private(me))
            self.child = max([self.child, *map(_private, me.children())])

    def stop(self) -> None:
        self._done.set()
        self.join()


def _private(process: psutil.Process) -> float:
    """A process's private memory: a mapped pack is page cache, and not counted. Linux only."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    return int(found[1]) / 1e3 if found else 0.0


def git_log(path: Path, shas: Sequence[bytes], *options: str) -> str:
    """The output of git for these commits."""
    ids = "\n".join(sha.hex() for sha in shas)
    command = ["git", "-C", str(path), "log", "--no-walk=unsorted", "--stdin", "--format=@%H", *options]
    return subprocess.run(command, input=ids, capture_output=True, text=True, errors="replace", check=True).stdout


class Cost(NamedTuple):
    """Seconds on the clock, and of processor time with all children: the one that other work does not distort."""

    clock: float
    processor: float


def cost_of(act: Callable[[], object]) -> Cost:
    """The cost of running a function once."""
    before, started = os.times(), time.perf_counter()
    act()
    clock, after = time.perf_counter() - started, os.times()
    return Cost(clock, sum(after[:4]) - sum(before[:4]))


def measure(repository: Repository, shas: Sequence[bytes], engine: Engine, jobs: int) -> None:
    """Print a line for us, one for git and one for the ratio."""
    peak = PeakMemory()
    peak.start()
    ours = cost_of(lambda: deque(repository.commits(shas, engine=engine, jobs=jobs), maxlen=0))
    peak.stop()
    theirs = cost_of(lambda: git_log(repository.path, shas, "--numstat", "-M"))
    for name, cost in (("metadata and statistics", ours), ("git log --numstat -M", theirs)):
        rate = len(shas) / cost.clock
        print(f"{name:<24} {cost.clock:7.2f} s  {rate:7.0f} commits/s  {cost.processor:7.2f} s of processor time")
    print(f"ratio                    {ours.clock / theirs.clock:7.2f}  {ours.processor / theirs.processor:26.2f}")
    print(f"private memory           {peak.own:7.0f} MB, largest counting process {peak.child:.0f} MB")


def compare(repository: Repository, shas: Sequence[bytes], engine: Engine, jobs: int) -> None:
    """Print the number of commits that differ from git, and the first few of them."""
    expected = {}
    for block in git_log(repository.path, shas, "--shortstat").split("@")[1:]:
        numbers = _SHORTSTAT.search(block)
        expected[block[:40]] = tuple(int(count or 0) for count in numbers.groups()) if numbers else (0, 0, 0)
    different = []
    for commit in repository.commits(shas, engine=engine, jobs=jobs):
        found = (commit.files_changed, commit.additions, commit.deletions)
        if found != expected[commit.sha]:
            different.append(f"{commit.sha} {found} and not {expected[commit.sha]}")
    print(f"{len(different)} of {len(shas)} commits differ from git log --shortstat")
    print("\n".join(different[:20]))


def main() -> None:
    """Measures or compares a slice of a repository's branches."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--commits", type=int, default=15_000)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--engine", type=Engine, default=Engine.GIT)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--compare", action="store_true")
    options = parser.parse_args()
    with open_repository(options.repository) as repository:
        started = time.perf_counter()
        walk = repository.walk(repository.tips().values())
        print(f"walk                     {time.perf_counter() - started:7.2f} s  {len(walk.shas)} commits")
        act = compare if options.compare else measure
        act(repository, walk.shas[options.skip : options.skip + options.commits], options.engine, options.jobs)


if __name__ == "__main__":
    main()
