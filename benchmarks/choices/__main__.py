"""The command: it chooses the comparisons, and the number of stored commits."""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.choices import __doc__ as about
from benchmarks.choices.compression import compare_compression
from benchmarks.choices.hot import compare_hot
from benchmarks.choices.indexes import compare_indexes
from benchmarks.choices.log import compare_log
from benchmarks.choices.serving import compare_serving
from benchmarks.choices.settings import compare_settings
from benchmarks.choices.storage import compare_storage
from benchmarks.choices.vacuum import compare_vacuum
from benchmarks.place import Place, make_place

#: Those that need no stored commits.
SMALL: dict[str, Callable[[], None]] = {"compression": compare_compression, "hot": compare_hot, "log": compare_log}
LARGE = "settings", "serving", "storage", "vacuum", "indexes"


def main() -> None:
    """Print a table for each comparison."""
    parser = argparse.ArgumentParser(prog="just bench-choices", description=about)
    parser.add_argument("--only", nargs="+", choices=[*SMALL, *LARGE], default=[*SMALL, *LARGE])
    parser.add_argument("--millions", type=float, default=2, help="stored commits before the first comparison")
    parser.add_argument("--batches", type=int, default=100, help="of a thousand commits, for each figure")
    parser.add_argument("--rounds", type=int, default=3, help="of the comparisons that take turns")
    given = parser.parse_args()
    for name, compare in SMALL.items():
        if name in given.only:
            compare()
    if set(LARGE) & set(given.only):
        with tempfile.TemporaryDirectory() as folder:
            place = make_place(Path(folder))
            place.fill(given.millions)
            _compare(place, given.only, given.batches, given.rounds)


def _compare(place: Place, only: Sequence[str], batches: int, rounds: int) -> None:
    """Run the comparisons, that of the indexes last, as it drops and builds them."""
    compare: dict[str, Callable[[], None]] = {
        "settings": lambda: compare_settings(place, batches, rounds),
        "serving": lambda: compare_serving(place, batches, rounds),
        "storage": lambda: compare_storage(place, batches),
        "vacuum": lambda: compare_vacuum(place, batches),
        "indexes": lambda: compare_indexes(place, batches),
    }
    for name in LARGE:
        if name in only:
            compare[name]()


if __name__ == "__main__":
    main()
