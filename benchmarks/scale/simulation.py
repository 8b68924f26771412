"""Queues before the parts of a distributed database: pushes go round, and what is busiest is the limit. Pure.

Each client pushes to one repository, batch after batch, and then to another one; a repository is on one node. Times of
service vary by a fifth. The same costs give the same answer, always.
"""

import heapq
import random
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from benchmarks.scale.costs import BATCH, Costs, Machines

CLIENTS_OF_A_NODE: Final = 32
BATCHES_OF_A_PUSH: Final = 20
#: Rounds of all clients, and those of them after which it counts.
_ROUNDS: Final = 10
_WARM: Final = 4
_VARIES: Final = 0.2

NETWORK, SERVERS, COORDINATOR, NODES, LOG = "network", "servers", "coordinator", "nodes", "log"


class Throughput(Struct, frozen=True):
    """Commits a second, and the part that was busiest."""

    nodes: int
    commits: float
    limit: str


class _Station:
    """Some servers with one queue: cores, a disk, a link."""

    def __init__(self, name: str, servers: int) -> None:
        self.name = name
        self.busy = 0.0
        self._free = [0.0] * servers

    @property
    def servers(self) -> int:
        return len(self._free)

    def serve(self, now: float, seconds: float) -> float:
        """The time at which somebody who comes now is served."""
        done = max(now, heapq.heappop(self._free)) + seconds
        heapq.heappush(self._free, done)
        self.busy += seconds
        return done


class _Database:
    """The stations that a batch passes, of a number of nodes."""

    def __init__(self, costs: Costs, machines: Machines, nodes: int, *, is_direct: bool) -> None:
        self._costs, self._machines = costs, machines
        self._network = _Station(NETWORK, 1)
        # As many as the nodes: with these costs they are never the limit.
        self._servers = _Station(SERVERS, nodes * machines.cores)
        self._nodes = [_Station(NODES, machines.cores) for _ in range(nodes)]
        self._logs = [_Station(LOG, 1) for _ in range(nodes)]
        self._routers = self._nodes if is_direct else [_Station(COORDINATOR, machines.cores)]
        self._link = None if is_direct else _Station(NETWORK, 1)

    @property
    def stations(self) -> Sequence[_Station]:
        extra = [] if self._link is None else [*self._routers, self._link]
        return [self._network, self._servers, *self._nodes, *self._logs, *extra]

    def steps(self, node: int, router: int) -> list[tuple[_Station, float]]:
        """Where a batch is served, and for how many seconds, in its order."""
        costs, machines = self._costs, self._machines
        found = [
            (self._network, costs.wire_bytes / machines.network_rate),
            (self._servers, costs.server_ms / 1000),
        ]
        if self._link is not None:
            found.append((self._link, costs.row_bytes / machines.network_rate))
        hop = self._routers[router % len(self._routers)]
        # A node that has the repository itself passes nothing on.
        if hop is not self._nodes[node]:
            found.append((hop, costs.coordinator_ms / 1000))
        found.append((self._nodes[node], costs.database_ms / 1000))
        found.append((self._logs[node], costs.log_bytes / machines.log_rate + machines.flush_ms / 1000))
        return found


def simulate(costs: Costs, machines: Machines, nodes: int, *, is_direct: bool) -> Throughput:
    """Let clients push until it is steady: through one coordinator, or directly, to whichever node."""
    chance = random.Random(nodes)
    database = _Database(costs, machines, nodes, is_direct=is_direct)
    clients = nodes * CLIENTS_OF_A_NODE
    total, counts_from = clients * _ROUNDS, clients * _WARM
    where = [chance.randrange(nodes) for _ in range(clients)]
    pushed = [chance.randrange(BATCHES_OF_A_PUSH) for _ in range(clients)]
    events = [(chance.random() / 10, client, database.steps(where[client], client), 0) for client in range(clients)]
    heapq.heapify(events)
    done, began, now, before = 0, 0.0, 0.0, dict[int, float]()
    while done < total:
        now, client, steps, step = heapq.heappop(events)
        if step == len(steps):
            done += 1
            if done == counts_from:
                began, before = now, {id(each): each.busy for each in database.stations}
            pushed[client] += 1
            if pushed[client] % BATCHES_OF_A_PUSH == 0:
                where[client] = chance.randrange(nodes)
            steps, step = database.steps(where[client], chance.randrange(nodes)), 0
        station, seconds = steps[step]
        ends = station.serve(now, seconds * chance.uniform(1 - _VARIES, 1 + _VARIES))
        heapq.heappush(events, (ends, client, steps, step + 1))
    seconds = now - began
    return Throughput(nodes, (total - counts_from) * BATCH / seconds, _busiest(database, before, seconds))


def _busiest(database: _Database, before: dict[int, float], seconds: float) -> str:
    """The kind of station that had least to spare; of several of a kind their mean."""
    shares: dict[str, list[float]] = {}
    for each in database.stations:
        share = (each.busy - before[id(each)]) / seconds / each.servers
        shares.setdefault(each.name, []).append(share)
    return max(shares, key=lambda name: sum(shares[name]) / len(shares[name]))
