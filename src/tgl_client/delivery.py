"""Bringing commits to the server: as one stream, or in batches of which several are in flight.

Whatever breaks off leaves nothing to repair: the server keeps what arrived whole, and a commit that it refuses
never holds up the others.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Final
from uuid import UUID

from msgspec import Struct

from tgl_client import errors
from tgl_client.address import Target
from tgl_client.api import Api
from tgl_client.batch import WIRE_BYTES, Batch, Batches
from tgl_client.plan import chunks, in_order
from tgl_client.progress import Phase, Progress
from tgl_client.report import RefusedCommit, Tally
from tgl_client.stream import StreamBody
from tgl_protocol.commits import PushResult, StreamResult

#: Enough to keep the server busy while the next batch is read; more only costs memory on both sides.
IN_FLIGHT: Final = 4


class Terms(Struct, frozen=True):
    """What this server takes: shas in one question, and from how many commits on a stream (None: no streams)."""

    missing_chunk: int
    stream_from: int | None


class Delivery:
    """The sending half of one push; `read` opens the history of some commits, in batches."""

    def __init__(
        self,
        api: Api,
        target: Target,
        run_id: UUID,
        *,
        terms: Terms,
        read: Callable[[list[bytes]], Batches],
        tally: Tally,
        progress: Progress,
    ) -> None:
        self.api = api
        self.target = target
        self.run_id = run_id
        self.tally = tally
        self.progress = progress
        self._terms = terms
        self._read = read
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._wire_bytes = WIRE_BYTES

    async def deliver(self, shas: list[bytes]) -> None:
        """As one stream when there is much, else batch by batch; also where a proxy lets no stream pass."""
        if self._terms.stream_from is not None and len(shas) > self._terms.stream_from:
            shas = await self._as_stream(shas)
        if shas:
            await self._in_batches(shas)

    async def _as_stream(self, shas: list[bytes]) -> list[bytes]:
        """What is left for batches: nothing, unless the stream was refused on its way."""
        self.progress.phase(Phase.SENDING, len(shas))
        body = StreamBody(
            shas,
            read=self._read,
            still_missing=self._ask_again,
            advance=self.progress.advance,
            compress=self.api.compress,
        )
        try:
            result = await self.api.push_stream(self.target, body, self.run_id)
        except (errors.RefusedError, errors.UnexpectedAnswerError):
            # A proxy that knows no bodies without a length; whatever else is wrong, the batches will say.
            return await self._ask_again(body.pending)
        finally:
            await body.close()
        self._count_stream(len(body.pending), result)
        return []

    async def _ask_again(self, shas: list[bytes]) -> list[bytes]:
        """What a broken stream has not brought to the server; the rest of it counts as sent."""
        missing: set[str] = set()
        for part in chunks(shas, self._terms.missing_chunk):
            missing.update(await self.api.missing(self.target, part))
        pending = in_order(shas, missing)
        self.tally.sent += len(shas) - len(pending)
        self.progress.phase(Phase.SENDING, len(pending))
        return pending

    async def _in_batches(self, shas: list[bytes]) -> None:
        """Several requests in flight; the last batch is sent when all others are stored.

        The server remembers the last commit of the latest batch, so that one must not be overtaken.
        """
        self.progress.phase(Phase.SENDING, len(shas))
        async with aclosing(self._read(shas)) as batches:
            try:
                last = await self._send_all_but_last(batches)
            except BaseExceptionGroup as group:
                raise _first_of(group) from group
        if last is not None:
            await self._send(last)

    async def _send_all_but_last(self, batches: Batches) -> Batch | None:
        held: Batch | None = None
        async with asyncio.TaskGroup() as group:
            async for batch in batches:
                if held is not None:
                    await self._slots.acquire()
                    group.create_task(self._send(held)).add_done_callback(lambda _: self._slots.release())
                held = batch
        return held

    async def _send(self, batch: Batch) -> None:
        """Send a batch, in halves where it is too large; a commit that is too large by itself is refused."""
        payload = self.api.pack(batch.body())
        if len(payload.body) > self._wire_bytes and len(batch) > 1:
            await self._send_halves(batch)
            return
        try:
            result = await self.api.push(self.target, payload, self.run_id)
        except errors.TooLargeError as error:
            if len(batch) > 1:
                self._wire_bytes = max(1, len(payload.body) // 2)
                await self._send_halves(batch)
                return
            self.tally.refused.append(RefusedCommit(batch.shas[0], str(error)))
            self.progress.advance(1)
            return
        self._count(batch, result)

    async def _send_halves(self, batch: Batch) -> None:
        for half in batch.halves():
            await self._send(half)

    def _count(self, batch: Batch, result: PushResult) -> None:
        if result.total != len(batch) or result.inserted + result.skipped + result.errors != result.total:
            raise errors.UnexpectedAnswerError(
                f"the server answered for {result.total} commits where {len(batch)} were sent"
            )
        self.tally.sent += result.inserted
        self.tally.already_there += result.skipped
        self.tally.refused += [RefusedCommit(each.sha, each.error) for each in result.details if each.error is not None]
        self.progress.advance(len(batch))

    def _count_stream(self, sent: int, result: StreamResult) -> None:
        if result.total != sent or result.inserted + result.skipped + result.errors != result.total:
            raise errors.UnexpectedAnswerError(f"the server answered for {result.total} commits where {sent} were sent")
        self.tally.sent += result.inserted
        self.tally.already_there += result.skipped
        self.tally.refused += [RefusedCommit(line.sha or f"line {line.line}", line.message) for line in result.refused]
        unlisted = result.errors - len(result.refused)
        self.tally.refused += [RefusedCommit("unlisted", "the server lists the first 1,000 only")] * unlisted


def _first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What stopped the push: the batches in flight were cancelled with it."""
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first
