"""One delivery, from the head of its request to what it has done.

The webhook is found and the head is judged before the body is read, and the body is proven before it is parsed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from uuid_utils.compat import uuid7

from tgl_protocol.projects import SyncMethod
from tgl_protocol.visible import visible
from tgl_protocol.webhooks import MAX_CLOCK_DIFFERENCE_SECONDS, DeliveryAnswer, DeliveryOutcome, WebhookKind
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
from tgl_server.db.rows import changed_rows
from tgl_server.errors import NotFound, Unavailable
from tgl_server.pull.service import request_after_push
from tgl_server.remote_tips.service import record_tips
from tgl_server.sealing.errors import CannotOpen, NoSecretsKey
from tgl_server.sealing.sealer import Sealer
from tgl_server.webhooks import queries
from tgl_server.webhooks.addresses import is_same
from tgl_server.webhooks.errors import MissingProof, OutdatedProof, WrongProof
from tgl_server.webhooks.forges.forge import Forge, Told
from tgl_server.webhooks.forges.kinds import FORGES
from tgl_server.webhooks.proofs import Check, Claim
from tgl_server.webhooks.service import PURPOSE

_MOST_LETTERS = 200
_ACCEPTED, _OK = 202, 200

# As long as forges let people send a delivery again, and much longer.
_KEPT = timedelta(days=30)
# A forced push back and forth sends the same body again; only a sender that repeats itself does so at once.
_BODY_KEPT = timedelta(minutes=10)

#: What was done; all else was not done, or had been before.
_ACTS = (DeliveryOutcome.PULL_REQUESTED, DeliveryOutcome.REMOTE_AHEAD, DeliveryOutcome.NOTHING_NEW)


class Hook(Struct, frozen=True):
    """The webhook that a delivery came to, and the secrets that are valid at this moment, the newest first."""

    id: UUID
    repo_id: RepoId
    forge: Forge
    secrets: list[str]
    now: datetime


class Proven(Struct, frozen=True):
    """A delivery whose sender knows the secret: what it tells, None if nobody can read that, its id and its hash."""

    told: Told | None
    delivery_id: str | None
    digest: bytes


async def find_hook(connection: AsyncConnection, sealer: Sealer, hook_id: UUID) -> Hook:
    """The webhook with this id; raises `NotFound`."""
    row = (await connection.execute(queries.FIND, {"id": hook_id})).one_or_none()
    if row is None:
        raise NotFound("There is no such webhook.")
    sealed = [text for text in (row.sealed, row.old_sealed) if text is not None]
    try:
        secrets = [sealer.open(text, PURPOSE, hook_id)["secret"] for text in sealed]
    except (NoSecretsKey, CannotOpen):
        raise Unavailable("The server has no key that opens this webhook's secret; see SECRETS_KEYS.") from None
    return Hook(hook_id, RepoId(row.repo_id), FORGES[WebhookKind(row.kind)], secrets, row.now)


def claim_of(hook: Hook, headers: Mapping[str, str]) -> Claim:
    """The proof that a delivery brings, not checked yet; raises `MissingProof`, or `OutdatedProof`."""
    claim = hook.forge.proof.claim_of(headers)
    if claim is None:
        place, title = hook.forge.proof.place, hook.forge.title
        raise MissingProof(f"The delivery has no {place}, which {title} sends once the webhook's secret is set there.")
    if claim.signed_at is not None and abs(hook.now.timestamp() - claim.signed_at) > MAX_CLOCK_DIFFERENCE_SECONDS:
        raise OutdatedProof
    return claim


def proven(hook: Hook, headers: Mapping[str, str], check: Check, body: bytes) -> Proven:
    """What a delivery tells, once its proof is right; raises `WrongProof`."""
    if not check.is_right:
        raise WrongProof
    try:
        told = hook.forge.read(headers, body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        told = None
    own_id = told.delivery_id if told else None
    return Proven(told, own_id or hook.forge.id_of(headers), check.digest)


async def receive(tx: AsyncSession, hook: Hook, delivery: Proven, by: Actor) -> tuple[DeliveryAnswer, int]:
    """Do what a proven delivery asks for, and note it; the answer with its status."""
    target = (await tx.execute(queries.LOCK_TARGET, {"id": hook.id})).one_or_none()
    if target is None:
        raise NotFound("The webhook was deleted meanwhile.")
    answer = await _act(tx, hook, delivery, target, by)
    status = _ACCEPTED if answer.outcome in _ACTS else _OK
    await note(tx, hook, delivery, answer, status)
    return answer, status


async def note(tx: AsyncSession, hook: Hook, delivery: Proven, answer: DeliveryAnswer, status: int) -> None:
    """Keep a proven delivery for the list."""
    told = delivery.told
    await _add(
        tx,
        hook_id=hook.id,
        delivery_id=delivery.delivery_id,
        event=told.event if told else None,
        outcome=answer.outcome,
        reason=None,
        status=status,
        run_id=answer.run_id,
    )


async def note_refused(tx: AsyncSession, hook: Hook, headers: Mapping[str, str], reason: str, status: int) -> None:
    """Keep a refused delivery for the list: what it claims to be, and why nobody believed it."""
    await _add(
        tx,
        hook_id=hook.id,
        delivery_id=hook.forge.id_of(headers),
        event=None,
        outcome=DeliveryOutcome.REFUSED,
        reason=reason,
        status=status,
        run_id=None,
    )


async def _add(tx: AsyncSession, *, delivery_id: str | None, event: str | None, **values: object) -> None:
    shown = {"delivery_id": _shown(delivery_id), "event": _shown(event)}
    await tx.execute(queries.ADD_DELIVERY, {"id": uuid7(), **shown, **values})


def _shown(text: str | None) -> str | None:
    """A sender's text as it can be stored and shown: cut, and without what nobody sees."""
    return visible(text[:_MOST_LETTERS])[:_MOST_LETTERS] if text else None


async def _act(tx: AsyncSession, hook: Hook, delivery: Proven, target: Row[Any], by: Actor) -> DeliveryAnswer:
    told = delivery.told
    if told is None:
        return DeliveryAnswer(outcome=DeliveryOutcome.UNREADABLE)
    if not told.is_push:
        return DeliveryAnswer(outcome=DeliveryOutcome.PONG if told.is_ping else DeliveryOutcome.OTHER_EVENT)
    if target.git_url is not None and told.urls and not is_same(target.git_url, told.urls):
        return DeliveryAnswer(outcome=DeliveryOutcome.OTHER_REPOSITORY)
    is_pulled = target.sync_method == SyncMethod.PULL_CELERY
    if is_pulled and target.git_url is None:
        return DeliveryAnswer(outcome=DeliveryOutcome.NO_REMOTE)
    marks = _marks(hook, delivery)
    for mark, kept in marks.items():
        if not await changed_rows(tx, queries.REMEMBER, id=hook.id, hash=mark, kept=kept):
            return DeliveryAnswer(outcome=DeliveryOutcome.DUPLICATE, duplicate=True)
    repo_id = RepoId(target.id)
    answer = await _pull(tx, repo_id, by) if is_pulled else await _record(tx, repo_id, told)
    if answer.outcome is DeliveryOutcome.PAUSED:  # it may be sent again, as nothing was done
        await tx.execute(queries.FORGET, {"id": hook.id, "hashes": list(marks)})
    return answer


def _marks(hook: Hook, delivery: Proven) -> dict[bytes, timedelta]:
    """What a delivery is known by, and for how long: its id, and all that was signed, as an id alone proves nothing.

    The id is first: a known one must not make what was signed known for longer. And two transactions that take their
    locks in this order never wait for each other.
    """
    marks = {}
    if delivery.delivery_id is not None:
        marks[sha256(b"id:" + delivery.delivery_id.encode(errors="surrogatepass")).digest()] = _KEPT
    marks[sha256(b"digest:" + delivery.digest).digest()] = _KEPT if hook.forge.proof.signs_time else _BODY_KEPT
    return marks


async def _pull(tx: AsyncSession, repo_id: RepoId, by: Actor) -> DeliveryAnswer:
    run_id = await request_after_push(tx, repo_id, by)
    if run_id is None:
        return DeliveryAnswer(outcome=DeliveryOutcome.PAUSED)
    return DeliveryAnswer(outcome=DeliveryOutcome.PULL_REQUESTED, run_id=run_id)


async def _record(tx: AsyncSession, repo_id: RepoId, told: Told) -> DeliveryAnswer:
    since = await record_tips(tx, repo_id, told.tips)
    outcome = DeliveryOutcome.NOTHING_NEW if since is None else DeliveryOutcome.REMOTE_AHEAD
    return DeliveryAnswer(outcome=outcome, behind_since=since)
