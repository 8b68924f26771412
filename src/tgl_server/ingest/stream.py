"""Commits as one request of any length: a line each, stored in chunks as they arrive.

Each chunk is a transaction of its own. A stream that breaks off leaves whole chunks behind, and the next push asks
`missing` and continues. Memory is bounded by two chunks: one is being stored while the next is read, and when
storing is slower, reading waits, and so, by TCP, does the client.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import Request
from msgspec import Struct
from uuid_utils.compat import uuid7

from tgl_protocol.commits import PushResult, RefusedLine, StreamResult
from tgl_protocol.http import MAX_COMMITS_PER_BATCH, MAX_REFUSED_LINES, NDJSON_MEDIA_TYPE
from tgl_server.body import media_type_of
from tgl_server.db.engine import Database
from tgl_server.decompression import expansion
from tgl_server.draining import Draining
from tgl_server.errors import BodyTooLarge, Unavailable, UnsupportedMediaType
from tgl_server.ingest.decode import PreparedBatch, prepare_lines
from tgl_server.ingest.measure import PhaseClock, note_stored
from tgl_server.ingest.push import Push
from tgl_server.ingest.service import update_refs
from tgl_server.ingest.store import record_refusal, store_batch

AnyRequest = Request[Any, Any, Any]

# A commit's texts at their limits, every character an escape of twelve bytes, are 0.8 MB.
MAX_LINE_BYTES = 1024 * 1024
_CHUNK_BYTES = 2 * 1024 * 1024


class _Tally(Struct):
    total: int = 0
    inserted: int = 0
    errors: int = 0
    chunks: int = 0
    last_sha: str | None = None
    refused: list[RefusedLine] = msgspec.field(default_factory=list)

    def add(self, batch: PreparedBatch, result: PushResult) -> None:
        room = MAX_REFUSED_LINES - len(self.refused)
        for index, bad in sorted(batch.bad.items())[:room]:
            self.refused.append(RefusedLine(self.total + index + 1, bad.sha, bad.message))
        self.total += result.total
        self.inserted += result.inserted
        self.errors += result.errors
        self.chunks += 1
        self.last_sha = result.last_ingested_sha or self.last_sha

    def result(self) -> StreamResult:
        skipped = self.total - self.inserted - self.errors
        return StreamResult(self.total, self.inserted, skipped, self.errors, self.chunks, self.last_sha, self.refused)


async def ingest_stream(database: Database, push: Push, request: AnyRequest, slow_ms: int) -> StreamResult:
    """Store a stream to its end; without a run id of the client's, the stream is a run of its own."""
    run = push if push.run_id else msgspec.structs.replace(push, run_id=uuid7())
    agent = push.origin.user_agent
    tally = _Tally()
    storing: asyncio.Task[None] | None = None
    draining: Draining = request.app.state.draining
    try:
        async for lines in _chunks(request):
            batch = prepare_lines(run.repo_id, lines, agent[:100] if agent else None)
            if storing is not None:
                await storing
            storing = asyncio.create_task(_store(database, run, batch, tally, slow_ms))
            if draining.has_begun:
                raise Unavailable("The server is being stopped; what it has read of the stream is stored.")
    finally:
        # A chunk that has arrived whole is stored, also when what follows it never comes.
        if storing is not None:
            await storing
    if push.run_id is None and tally.total:
        await _close(database, run, tally)
    return tally.result()


async def _close(database: Database, run: Push, tally: _Tally) -> None:
    """The end of a run that is the stream's own."""
    async with database.transaction() as tx:
        if tally.total > tally.errors:
            await update_refs(tx, run, {})
        else:
            reason = f"A stream was refused: all of its {tally.errors} commits are invalid."
            await record_refusal(tx, run, 0, None, reason)


async def _store(database: Database, push: Push, batch: PreparedBatch, tally: _Tally, slow_ms: int) -> None:
    clock = PhaseClock()
    result = await store_batch(database, push, batch, clock)
    note_stored(clock, push.repo_id, result, slow_ms)
    tally.add(batch, result)


async def _chunks(request: AnyRequest) -> AsyncIterator[list[bytes]]:
    """Lines in lists of what one batch may hold; blank lines are nothing."""
    lines: list[bytes] = []
    size = 0
    async for line in _lines(request):
        lines.append(line)
        size += len(line)
        if len(lines) == MAX_COMMITS_PER_BATCH or size >= _CHUNK_BYTES:
            yield lines
            lines, size = [], 0
    if lines:
        yield lines


async def _lines(request: AnyRequest) -> AsyncIterator[bytes]:
    rest = b""
    async for piece in _pieces(request):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            if line.strip():
                yield line
        if len(rest) > MAX_LINE_BYTES:
            raise BodyTooLarge(f"A line is longer than {MAX_LINE_BYTES} bytes; what came before it is stored.")
    if rest.strip():
        yield rest


async def _pieces(request: AnyRequest) -> AsyncIterator[bytes]:
    if media_type_of(request) != NDJSON_MEDIA_TYPE:
        raise UnsupportedMediaType(f"Send the stream as {NDJSON_MEDIA_TYPE}.")
    encoding = expansion(request.headers.get("content-encoding", "").strip().lower())
    async for chunk in request.stream():
        for piece in encoding.expand(chunk):
            yield piece
    encoding.finish()
