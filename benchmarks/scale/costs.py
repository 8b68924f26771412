"""What a batch of a thousand new commits costs each part, and what the machines have."""

from pathlib import Path

import msgspec
from msgspec import Struct

RECORDED = Path(__file__).with_name("costs.json")
BATCH = 1000


class Costs(Struct, frozen=True, forbid_unknown_fields=True):
    """Of a batch: milliseconds of one core, and bytes.

    `coordinator_ms` is what passing a batch on costs the node that does so. `log_bytes` go to the disk of the node that
    stores it, `wire_bytes` come from the client, compressed, and `row_bytes` go to the database.
    """

    server_ms: float
    database_ms: float
    coordinator_ms: float
    log_bytes: int
    wire_bytes: int
    row_bytes: int


class Machines(Struct, frozen=True):
    """What each machine has: cores, and bytes a second of the log's disk and of the network.

    `flush_ms` is what the disk takes to end a commit.
    """

    cores: int = 8
    log_rate: float = 1e9
    network_rate: float = 1.25e9
    flush_ms: float = 1.0


def recorded_costs() -> Costs:
    """The costs of which the documents tell."""
    return msgspec.json.decode(RECORDED.read_bytes(), type=Costs)
