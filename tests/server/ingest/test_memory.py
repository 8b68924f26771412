"""A worker's private memory does not grow with what goes through it.

The bounds are many times what is normal, and a fraction of what a leak would take: the batches are 40 MB, the stream
is 120 MB. `just bench-memory` measures at length.
"""

from collections.abc import AsyncIterator

import msgspec

from benchmarks.harness import MEGABYTE, private_mb, worker_of
from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.servers import RunningServer
from tests.support.world import World

WARM_UP, BATCHES = 8, 45
MOST_GROWTH_MB = 12

LONG_COMMITS, STREAM_MB = 100, 120
MOST_HELD_MB = 60


async def test_memory_is_flat_over_batches(server: RunningServer, api: Api, world: World) -> None:
    """New ones, and each of them again."""
    worker, before = worker_of(server), 0.0
    for number in range(BATCHES):
        if number == WARM_UP:
            before = private_mb(worker)
        body = msgspec.json.encode(batch(*(commit(f"{number} {n}", message_body="x" * 100) for n in range(1000))))
        for _ in range(2):
            answer = await api.post(f"{world.sync_path}/commits", data=body, headers=_JSON)
            assert answer.status == 201
    assert private_mb(worker) - before < MOST_GROWTH_MB


async def test_a_stream_is_never_held_whole(server: RunningServer, api: Api, world: World) -> None:
    lines = [msgspec.json.encode(commit(n, message_body="x" * 60_000)) + b"\n" for n in range(LONG_COMMITS)]
    part = b"".join(lines)
    worker = worker_of(server)
    held, before = [0.0], private_mb(worker)

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(STREAM_MB * MEGABYTE // len(part)):
            yield part
            held.append(private_mb(worker) - before)

    answer = await api.post(f"{world.sync_path}/commits/stream", data=parts(), headers=_NDJSON)
    assert (answer.status, answer.json["inserted"]) == (201, LONG_COMMITS)
    assert max(held) < MOST_HELD_MB


_JSON = {"Content-Type": "application/json"}
_NDJSON = {"Content-Type": "application/x-ndjson"}
