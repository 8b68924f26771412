"""What the simulation says, as a table and as a drawing. Pure, and the same each time."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from benchmarks.scale.costs import Costs, Machines
from benchmarks.scale.simulation import Throughput, simulate

NODES: Final = (1, 2, 4, 8, 16, 32)


class Line(Struct, frozen=True):
    """One way to build it."""

    name: str
    colour: str
    points: Sequence[Throughput]


def lines_of(costs: Costs) -> list[Line]:
    """The ways that are compared."""
    slow_disks, slow_network = Machines(log_rate=2e8), Machines(network_rate=1.25e8)
    ways = (
        ("through one coordinator", "#c2410c", Machines(), False),
        ("any node passes on", "#1d4ed8", Machines(), True),
        ("the same, log at 200 MB/s", "#15803d", slow_disks, True),
        ("the same, network at 1 Gbit/s", "#7e22ce", slow_network, True),
    )
    return [
        Line(name, colour, [simulate(costs, machines, nodes, is_direct=is_direct) for nodes in NODES])
        for name, colour, machines, is_direct in ways
    ]


def table_of(lines: Sequence[Line]) -> str:
    """Commits a second by the number of nodes, and what is the limit."""
    head = ["| nodes | " + " | ".join(line.name for line in lines) + " |", "|---:|" + "---:|" * len(lines)]
    rows = zip(*(line.points for line in lines), strict=True)
    return "\n".join([*head, *(f"| {row[0].nodes} | " + " | ".join(map(_cell, row)) + " |" for row in rows)])


def _cell(point: Throughput) -> str:
    return f"{round(point.commits, -3):,.0f}, {point.limit}"
