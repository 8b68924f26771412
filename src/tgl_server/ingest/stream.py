"""Commits as one stream of any length: one per line, stored in chunks as they arrive.

Each chunk is a transaction of its own. A stream that breaks off leaves whole chunks behind, and the next push asks
`missing` and continues. Memory is bounded by two chunks: one is stored while the next is read, and when
storing is slower, reading waits, and so, through TCP, does the client.
"""

import asyncio
from collections.abc import AsyncIterator

import msgspec
from msgspec import UNSET, Struct
from uuid_utils.compat import uuid7

from tgl_protocol.commits import PushResult
from tgl_protocol.http import MAX_COMMITS_PER_BATCH, MAX_REFUSED_LINES
from tgl_protocol.stream import RefusedLine, StreamResult
from tgl_server.db.engine import Database
from tgl_server.errors import BodyTooLarge, Unavailable
from tgl_server.http.draining import Draining
from tgl_server.ingest.context import Push
from tgl_server.ingest.decode import PreparedBatch, prepare_lines
from tgl_server.ingest.elements import MAX_COMMIT_BYTES
from tgl_server.ingest.phases import PhaseClock, note_stored
from tgl_server.ingest.refs import update_refs
from tgl_server.ingest.store import record_refusal, store_batch

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
            self.refused.append(RefusedLine(self.total + index + 1, bad.sha, bad.message, bad.field or UNSET))
        self.total += result.total
        self.inserted += result.inserted
        self.errors += result.errors
        self.chunks += 1
        self.last_sha = result.last_ingested_sha or self.last_sha

    def result(self) -> StreamResult:
        skipped = self.total - self.inserted - self.errors
        return StreamResult(self.total, self.inserted, skipped, self.errors, self.chunks, self.last_sha, self.refused)


class CommitStream:
    """One stream on its way into the database; without the client's run id it is a run of its own.

    `slow_ms` is how long a chunk may take before the log mentions it.
    """

    def __init__(self, database: Database, push: Push, client_version: str | None, slow_ms: int) -> None:
        self._database = database
        self._is_own_run = push.run_id is None
        self._push = msgspec.structs.replace(push, run_id=uuid7()) if self._is_own_run else push
        self._client_version = client_version
        self._slow_ms = slow_ms
        self._tally = _Tally()

    async def ingest(self, pieces: AsyncIterator[bytes], draining: Draining) -> StreamResult:
        """Store the stream to its end; raises `Unavailable` after the chunk during which the server begins to stop."""
        storing: asyncio.Task[None] | None = None
        try:
            async for lines in _chunks(pieces):
                batch = prepare_lines(self._push.repo_id, lines, self._client_version)
                if storing is not None:
                    await storing
                storing = asyncio.create_task(self._store(batch))
                if draining.has_begun:
                    raise Unavailable("The server is being stopped; what it has read of the stream is stored.")
        finally:
            # A chunk that has arrived whole is stored even if the stream breaks off after it.
            if storing is not None:
                await storing
        if self._is_own_run and self._tally.total:
            await self._close()
        return self._tally.result()

    async def _store(self, batch: PreparedBatch) -> None:
        clock = PhaseClock()
        result = await store_batch(self._database, self._push, batch, clock)
        note_stored(clock, self._push.repo_id, result, self._slow_ms)
        self._tally.add(batch, result)

    async def _close(self) -> None:
        """End the run that is the stream's own."""
        tally = self._tally
        async with self._database.transaction(self._push.repo_id) as tx:
            if tally.total > tally.errors:
                await update_refs(tx, self._push, {}, max_refs=0)
            else:
                reason = f"A stream was refused: all of its {tally.errors} commits are invalid."
                await record_refusal(tx, self._push, 0, None, reason)


async def _chunks(pieces: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """Lines in lists no longer than a batch; blank lines are skipped."""
    lines: list[bytes] = []
    size = 0
    async for line in _lines(pieces):
        lines.append(line)
        size += len(line)
        if len(lines) == MAX_COMMITS_PER_BATCH or size >= _CHUNK_BYTES:
            yield lines
            lines, size = [], 0
    if lines:
        yield lines


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The stream's lines. Only the newest piece is searched for a line's end: a long line may come byte by byte."""
    rest = bytearray()
    async for piece in pieces:
        end = piece.rfind(b"\n")
        if end >= 0:
            rest += piece[:end]
            for line in bytes(rest).split(b"\n"):
                if line.strip():
                    yield line
            rest = bytearray(piece[end + 1 :])
        else:
            rest += piece
        if len(rest) > MAX_COMMIT_BYTES:
            raise BodyTooLarge(f"A line is longer than {MAX_COMMIT_BYTES} bytes; what came before it is stored.")
    if rest.strip():
        yield bytes(rest)
