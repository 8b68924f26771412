"""The page about growing shows what the simulation says with the recorded costs, and no more than the parts can do."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from benchmarks.scale.costs import BATCH, Costs, Machines, recorded_costs
from benchmarks.scale.drawing import draw
from benchmarks.scale.simulation import COORDINATOR, LOG, NETWORK, NODES, simulate
from benchmarks.scale.table import lines_of, table_of

DOCS = Path(__file__).parents[2] / "docs"


def test_table_and_picture_are_what_the_recorded_costs_give() -> None:
    lines = lines_of(recorded_costs())
    assert table_of(lines) in (DOCS / "howto" / "scale.md").read_text()
    assert draw(lines) == (DOCS / "pictures" / "scale.svg").read_text()


#: Of what the tests are not about there is little.
CHEAP = Costs(server_ms=1, database_ms=1, coordinator_ms=1, log_bytes=10**5, wire_bytes=10**4, row_bytes=10**4)


@pytest.mark.parametrize(
    ("wrong", "is_direct", "limit", "most"),
    [
        ({"database_ms": 100}, True, NODES, 4 * 8 / 0.1),
        ({"coordinator_ms": 100}, False, COORDINATOR, 8 / 0.1),
        ({"log_bytes": 10**8}, True, LOG, 4 * 10),
        ({"wire_bytes": 10**7}, True, NETWORK, 125),
    ],
)
def test_the_dearest_part_is_the_limit_and_is_used_nearly_whole(
    wrong: dict[str, int], is_direct: bool, limit: str, most: float
) -> None:
    """`most` is how many batches a second the part can do, of four nodes."""
    found = simulate(replace(CHEAP, **wrong), Machines(), 4, is_direct=is_direct)
    assert found.limit == limit
    assert 0.75 < found.commits / BATCH / most < 1.03
