"""Sending messages: events become messages, and due messages are sent until their receivers have taken them.

A message is a row that one process leases for a minute, so that any number of them send, each its own; whoever is
killed between the attempt and its outcome leaves a lease that ends, and the message is sent again: at least once.
"""

import asyncio
import time
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from msgspec import Struct
from sqlalchemy import RowMapping
from uuid_utils.compat import uuid7

from tgl_protocol.endpoints import DeliveryState
from tgl_server.db.engine import Database
from tgl_server.endpoints import delivery_queries as queries
from tgl_server.endpoints.message import body_of, headers_of
from tgl_server.endpoints.schedule import Verdict, judge, next_attempt
from tgl_server.endpoints.service import PURPOSE
from tgl_server.events.service import take_events
from tgl_server.metrics.definitions import ENDPOINT_ATTEMPTS, counter
from tgl_server.outbound.posting import BadReceiver, NotSent, PostPolicy, Received, post
from tgl_server.sealing.errors import CannotOpen, NoSecretsKey
from tgl_server.sealing.sealer import Sealer

log = structlog.get_logger()

#: The reader of the outbox.
READER: Final = "endpoints"
#: Longer than an attempt may take.
LEASE: Final = timedelta(seconds=60)
#: The most attempts at a time in one process, and to one endpoint in all.
MOST: Final = 16
MOST_EACH: Final = 4
_EVENTS: Final = 100


class Attempt(Struct, frozen=True):
    """A message that this process has leased, with what signs it."""

    id: UUID
    token: UUID
    endpoint_id: UUID
    message_id: UUID
    body: bytes
    attempts: int
    created_at: datetime
    url: str
    secrets: list[str]
    now: datetime


async def make_messages(database: Database) -> int:
    """Make messages of the next events, in their order; the number of events, 0 also while another process does."""
    async with database.transaction() as tx:
        events = await take_events(tx, READER, _EVENTS)
        if not events:
            return 0
        between = {"first": events[0].seq, "last": events[-1].seq}
        for row in (await tx.execute(queries.WANTED, between)).mappings().all():
            await tx.execute(queries.ADD_MESSAGE, _message(row))
    return len(events)


def _message(row: RowMapping) -> dict[str, Any]:
    named = {"project_id": row["project_id"], "project": row["project"], "repo_id": row["repo_id"], "repo": row["repo"]}
    body = body_of(row["type"], row["at"], named | row["data"])
    kept = {name: row[name] for name in ("endpoint_id", "message_id", "type", "repo_id")}
    return {"id": uuid7(), "body": body, **kept}


class Sender:
    """Sends due messages; `now` is for tests, which let days pass."""

    def __init__(self, database: Database, sealer: Sealer, policy: PostPolicy, random: Random | None = None) -> None:
        self._database, self._sealer, self._policy = database, sealer, policy
        self._random = random or Random()  # noqa: S311 -- no secret

    async def send_due(self, now: datetime | None = None, most: int = MOST) -> int:
        """Send what is due, each once; the number of attempts."""
        attempts = await self.claim(most, now)
        await asyncio.gather(*(self.send(attempt) for attempt in attempts))
        return len(attempts)

    async def claim(self, most: int, now: datetime | None = None) -> list[Attempt]:
        """Lease due messages."""
        token = uuid4()
        wanted = {"limit": most, "each": MOST_EACH, "token": token, "lease": LEASE, "now": now}
        async with self._database.transaction() as tx:
            rows = (await tx.execute(queries.CLAIM, wanted)).mappings().all()
        return [
            Attempt(
                id=row["id"],
                token=token,
                endpoint_id=row["endpoint_id"],
                message_id=row["message_id"],
                body=row["body"].encode(),
                attempts=row["attempts"],
                created_at=row["created_at"],
                url=row["url"],
                secrets=self._opened(row),
                now=row["now"],
            )
            for row in rows
        ]

    async def send(self, attempt: Attempt) -> None:
        """Send a message that is leased, and note what came of it."""
        answer, verdict = await self._try(attempt)
        await self._note(attempt, answer, verdict)
        outcome = "delivered" if verdict.error is None else "failed"
        counter(ENDPOINT_ATTEMPTS, outcome).inc()

    async def let_go(self, attempts: list[Attempt]) -> None:
        """Let others send messages whose attempts were broken off."""
        async with self._database.transaction() as tx:
            for token in {attempt.token for attempt in attempts}:
                await tx.execute(queries.LET_GO, {"token": token})

    def _opened(self, row: RowMapping) -> list[str]:
        """The secrets that are valid now, the newest first; none if no key opens them."""
        try:
            sealed = [text for text in (row["sealed"], row["old_sealed"]) if text is not None]
            return [self._sealer.open(text, PURPOSE, row["endpoint_id"])["secret"] for text in sealed]
        except (NoSecretsKey, CannotOpen):
            return []

    async def _try(self, attempt: Attempt) -> tuple[Received | None, Verdict]:
        if not attempt.secrets:
            return None, self._failed(attempt, "the server has no key that opens the secret; see SECRETS_KEYS")
        begun = time.monotonic()
        headers = headers_of(attempt.message_id, attempt.now, attempt.body, attempt.secrets)
        try:
            answer = await post(attempt.url, attempt.body, headers, self._policy)
        except NotSent as failure:
            return None, self._failed(attempt, str(failure), begun)
        except BadReceiver as failure:
            return None, self._failed(attempt, f"the address {failure}", begun)
        return answer, judge(
            answer.status, answer.headers, attempt.attempts, attempt.created_at, _ended(attempt, begun), self._random
        )

    def _failed(self, attempt: Attempt, error: str, begun: float | None = None) -> Verdict:
        again_at = next_attempt(attempt.attempts, attempt.created_at, _ended(attempt, begun), self._random)
        return Verdict(error=error, again_at=again_at)

    async def _note(self, attempt: Attempt, answer: Received | None, verdict: Verdict) -> None:
        outcome = {
            "id": attempt.id,
            "token": attempt.token,
            "state": _state(verdict),
            "again_at": verdict.again_at,
            "status": answer and answer.status,
            "error": verdict.error,
            "answer": answer and answer.body,
        }
        endpoint = {"endpoint_id": attempt.endpoint_id}
        async with self._database.transaction() as tx:
            if await tx.scalar(queries.RECORD, outcome) is None:
                return
            if verdict.quiet_until is not None:
                await tx.execute(queries.KEEP_QUIET, {**endpoint, "until": verdict.quiet_until})
            if verdict.is_gone:
                await tx.execute(queries.SWITCH_OFF, {**endpoint, "reason": verdict.error})
                await tx.execute(queries.GIVE_UP_ALL, {**endpoint, "reason": verdict.error})
        if verdict.is_gone:
            log.warning("endpoint_gone", endpoint_id=str(attempt.endpoint_id))


def _ended(attempt: Attempt, begun: float | None) -> datetime:
    """When the attempt ended: pauses count from there, as it may have taken longer than the first of them."""
    return attempt.now + timedelta(seconds=0 if begun is None else time.monotonic() - begun)


def _state(verdict: Verdict) -> DeliveryState:
    if verdict.error is None:
        return DeliveryState.DELIVERED
    return DeliveryState.FAILED if verdict.again_at is None else DeliveryState.PENDING
