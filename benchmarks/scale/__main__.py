"""The command: it prints the table, and draws it anew for the documents."""

import argparse
from pathlib import Path

import msgspec

from benchmarks.scale import __doc__ as about
from benchmarks.scale.costs import recorded_costs
from benchmarks.scale.drawing import draw
from benchmarks.scale.measuring import measured_costs
from benchmarks.scale.table import lines_of, table_of


def main() -> None:
    """Print costs and table; draw them where that is asked for."""
    parser = argparse.ArgumentParser(prog="just bench-scale", description=about)
    parser.add_argument("--measure", type=int, metavar="BATCHES", help="measure the costs here, with so many batches")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="write the drawing to a file")
    given = parser.parse_args()
    costs = recorded_costs()
    if given.measure:
        costs = measured_costs(costs, given.measure)
    print(msgspec.json.format(msgspec.json.encode(costs), indent=2).decode())
    lines = lines_of(costs)
    print(table_of(lines))
    if given.draw:
        given.draw.write_text(draw(lines))


if __name__ == "__main__":
    main()
