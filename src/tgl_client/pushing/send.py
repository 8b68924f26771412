"""Sends commits to the server: as one stream, or in batches of which several are in flight.

Whatever breaks off leaves nothing to repair: the server keeps what arrived whole, and a commit that it refuses
never stops the others.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Final
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from tgl_client import errors
from tgl_client.http.address import Target
from tgl_client.http.api import Api
from tgl_client.http.batch import WIRE_BYTES, Batch, Batches
from tgl_client.http.stream_body import StreamBody
from tgl_client.pushing.missing import ask_missing
from tgl_client.pushing.tally import Tally
from tgl_client.report import RefusedCommit
from tgl_client.terminal.progress import Phase, Progress
from tgl_protocol.commits import PushResult
from tgl_protocol.stream import StreamResult

#: Enough to keep the server busy while the next batch is read; more only costs memory on both sides.
IN_FLIGHT: Final = 4


class Terms(Struct, frozen=True):
    """What this server accepts: shas in one question, and from how many commits on a stream (None: no streams)."""

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
        self._reading_failed: errors.LocalRepositoryError | None = None
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._wire_bytes = WIRE_BYTES
        self._unsettled: StreamBody | None = None
        self._unanswered: list[Batch] = []

    async def deliver(self, shas: list[bytes]) -> None:
        """Send as one stream when there is much, else batch by batch; also where a proxy lets no stream pass."""
        if self._terms.stream_from is not None and len(shas) > self._terms.stream_from:
            shas = await self._as_stream(shas)
        if shas:
            await self._in_batches(shas)

    async def _as_stream(self, shas: list[bytes]) -> list[bytes]:
        """Send as a stream; returns what is left for batches: nothing, unless the stream was refused on its way."""
        self.progress.phase(Phase.SENDING, len(shas))
        body = StreamBody(
            shas,
            read=self._read_for_stream,
            still_missing=self._ask_again,
            advance=self.progress.advance,
            compress=self.api.compress,
        )
        self._unsettled = body
        try:
            result = await self.api.push_stream(self.target, body, self.run_id)
        except (errors.RefusedError, errors.UnexpectedAnswerError):
            # A proxy that refuses bodies without a length; whatever else is wrong, the batches will say.
            return await self._left_of(body)
        except errors.UnreachableError as error:
            if error.is_permanent:
                raise
            # Cut at each try, as by a proxy with a short time limit: small requests may come through.
            return await self._left_of(body)
        finally:
            await body.close()
        self._unsettled = None
        if self._reading_failed is not None:
            self._count_stream(result.total, result)
            raise self._reading_failed
        readable = [sha for sha in body.pending if sha.hex() not in self.tally.unreadable]
        self._count_stream(len(readable), result)
        return []

    async def _read_for_stream(self, shas: list[bytes]) -> Batches:
        """The batches up to an error in reading, which aiohttp would tell as a connection that broke off."""
        async with aclosing(self._read(shas)) as batches:
            try:
                async for batch in batches:
                    yield batch
            except errors.LocalRepositoryError as error:
                self._reading_failed = error

    async def _left_of(self, body: StreamBody) -> list[bytes]:
        left = await self._ask_again(body.pending)
        self._unsettled = None
        return left

    async def settle(self) -> None:
        """Count what the server has of requests that broke off, of which it tells nothing by itself."""
        body, self._unsettled = self._unsettled, None
        sent = [bytes.fromhex(sha) for batch in self._unanswered for sha in batch.shas]
        shas = sent + (body.pending if body is not None else [])
        left = await ask_missing(self.api, self.target, shas, self._terms.missing_chunk)
        self.tally.sent += len(shas) - len(left)

    async def _ask_again(self, shas: list[bytes]) -> list[bytes]:
        """What is still missing on the server after a broken stream; the rest of it counts as sent."""
        if self._reading_failed is not None:
            raise self._reading_failed
        pending = await ask_missing(self.api, self.target, shas, self._terms.missing_chunk)
        self.tally.sent += len(shas) - len(pending)
        self.progress.phase(Phase.SENDING, len(pending))
        return pending

    async def _in_batches(self, shas: list[bytes]) -> None:
        """Send with several requests in flight; the last batch is sent when all others are stored.

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
        self._unanswered.append(batch)
        try:
            result = await self.api.push(self.target, payload, self.run_id)
        except errors.TooLargeError as error:
            self._unanswered.remove(batch)
            if len(batch) > 1:
                self._wire_bytes = max(1, len(payload.body) // 2)
                await self._send_halves(batch)
                return
            self.tally.refused.append(RefusedCommit(batch.shas[0], str(error)))
            self.progress.advance(1)
            return
        self._unanswered.remove(batch)
        self._count(batch, result)

    async def _send_halves(self, batch: Batch) -> None:
        for half in batch.halves():
            await self._send(half)

    def _count(self, batch: Batch, result: PushResult) -> None:
        self._count_answer(len(batch), result)
        self.tally.refused += [
            RefusedCommit(each.sha, _reason(each.error, each.field))
            for each in result.details
            if each.error is not None
        ]
        self.progress.advance(len(batch))

    def _count_stream(self, sent: int, result: StreamResult) -> None:
        self._count_answer(sent, result)
        self.tally.refused += [
            RefusedCommit(line.sha or f"line {line.line}", _reason(line.message, line.field)) for line in result.refused
        ]
        unlisted = result.errors - len(result.refused)
        self.tally.refused += [RefusedCommit("unlisted", "the server lists the first 1,000 only")] * unlisted

    def _count_answer(self, sent: int, result: PushResult | StreamResult) -> None:
        """Add what was stored and what was known; an answer whose numbers do not add up is not our server's."""
        if result.total != sent or result.inserted + result.skipped + result.errors != result.total:
            raise errors.UnexpectedAnswerError(f"the server answered for {result.total} commits where {sent} were sent")
        self.tally.sent += result.inserted
        self.tally.already_there += result.skipped


def _reason(message: str, field: str | UnsetType) -> str:
    """The server's reason against a commit, with the field that is to blame where it names one."""
    return message if field is UNSET else f"{field}: {message}"


def _first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that stopped the push; the batches in flight were cancelled with it."""
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first
