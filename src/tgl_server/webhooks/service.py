"""What maintainers do with webhooks: make, list, rotate, delete, and look at what arrived.

A function takes its transaction first and never commits. A secret is in the answer that makes it and nowhere else.
"""

import base64
import secrets
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.http import API_PREFIX
from tgl_protocol.webhooks import (
    MAX_WEBHOOKS,
    Delivery,
    DeliveryOutcome,
    DeliveryPage,
    WebhookDeleted,
    WebhookInfo,
    WebhookKind,
    WebhookList,
    WebhookSecret,
)
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor, record
from tgl_server.errors import Conflict, NotFound
from tgl_server.http.pagination import decode_cursor, encode_cursor
from tgl_server.sealing.sealer import Sealer
from tgl_server.webhooks import queries
from tgl_server.webhooks.actions import WebhookAction
from tgl_server.webhooks.errors import InsecureWebhook, TooManyWebhooks
from tgl_server.webhooks.forges.kinds import FORGES
from tgl_server.webhooks.proofs import PREFIX

#: What the secrets are sealed for.
PURPOSE = "webhook"
_SECRET_BYTES = 32
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class Site(Struct, frozen=True):
    """Where forges reach the server."""

    origin: str

    def url_of(self, hook_id: UUID) -> str:
        """The address of a webhook."""
        return f"{self.origin}{API_PREFIX}/webhooks/{hook_id}"

    def refuse_insecure(self, kind: WebhookKind) -> None:
        """Raises `InsecureWebhook` for a kind that would send its secret in clear text over a network."""
        parts = urlsplit(self.origin)
        is_safe = parts.scheme == "https" or parts.hostname in _THIS_MACHINE
        if FORGES[kind].proof.sends_secret and not is_safe:
            raise InsecureWebhook


async def create_webhook(
    tx: AsyncSession,
    sealer: Sealer,
    site: Site,
    repo_id: RepoId,
    kind: WebhookKind,
    by: Actor,
    hook_id: UUID | None = None,
) -> WebhookSecret:
    """Make a webhook of a repository; raises `InsecureWebhook`, `TooManyWebhooks` and `NoSecretsKey`.

    A `hook_id` that was drawn before makes no second webhook when the same request comes again: `Conflict`.
    """
    site.refuse_insecure(kind)
    if await tx.scalar(queries.LOCK_REPO, {"repo_id": repo_id}) is None:
        raise NotFound("The repository was deleted meanwhile.")
    if await tx.scalar(queries.COUNT, {"repo_id": repo_id}) >= MAX_WEBHOOKS:
        raise TooManyWebhooks
    hook_id, secret = hook_id or uuid4(), new_secret()
    sealed = sealer.seal(PURPOSE, hook_id, {"secret": secret})
    row = {"id": hook_id, "repo_id": repo_id, "kind": kind, "sealed": sealed, "created_by": by.user_id}
    if await tx.scalar(queries.ADD, row) is None:
        raise Conflict(
            "This webhook was made already, and its secret was shown once. If it was not kept, change it on its page."
        )
    await record(tx, by.did(WebhookAction.WEBHOOK_CREATED, "repo", repo_id, hook_id=str(hook_id), kind=kind))
    return WebhookSecret(id=hook_id, kind=kind, url=site.url_of(hook_id), secret=secret, old_secret_until=None)


async def rotate_webhook(
    tx: AsyncSession, sealer: Sealer, site: Site, repo_id: RepoId, hook_id: UUID, overlap: timedelta, by: Actor
) -> WebhookSecret:
    """Give a webhook another secret; the one before works until the overlap ends. Raises `NotFound`."""
    secret = new_secret()
    sealed = sealer.seal(PURPOSE, hook_id, {"secret": secret})
    which = {"id": hook_id, "repo_id": repo_id, "sealed": sealed, "overlap": overlap}
    row = (await tx.execute(queries.ROTATE, which)).one_or_none()
    if row is None:
        raise _no_such_webhook()
    until = None if row.old_until is None else row.old_until.isoformat()
    details = {"hook_id": str(hook_id), "kind": row.kind, "old_secret_until": until}
    await record(tx, by.did(WebhookAction.WEBHOOK_ROTATED, "repo", repo_id, **details))
    return WebhookSecret(
        id=hook_id,
        kind=WebhookKind(row.kind),
        url=site.url_of(hook_id),
        secret=secret,
        old_secret_until=row.old_until,
    )


async def delete_webhook(tx: AsyncSession, repo_id: RepoId, hook_id: UUID, by: Actor) -> WebhookDeleted:
    """Delete a webhook with its secrets and deliveries; raises `NotFound`."""
    kind = await tx.scalar(queries.DELETE, {"id": hook_id, "repo_id": repo_id})
    if kind is None:
        raise _no_such_webhook()
    await record(tx, by.did(WebhookAction.WEBHOOK_DELETED, "repo", repo_id, hook_id=str(hook_id), kind=kind))
    return WebhookDeleted(hook_id)


async def list_webhooks(connection: AsyncConnection, site: Site, repo_id: RepoId) -> WebhookList:
    """The webhooks of a repository, oldest first."""
    rows = (await connection.execute(queries.LIST, {"repo_id": repo_id})).mappings()
    return WebhookList(
        [WebhookInfo(**{**row, "kind": WebhookKind(row["kind"])}, url=site.url_of(row["id"])) for row in rows]
    )


async def list_deliveries(
    connection: AsyncConnection, repo_id: RepoId, hook_id: UUID, *, limit: int, cursor: str | None
) -> DeliveryPage:
    """One page of what arrived at a webhook, newest first; raises `NotFound`."""
    (before,) = decode_cursor(cursor, tuple[UUID]) if cursor else (None,)
    if not await connection.scalar(queries.IS_OF_REPO, {"id": hook_id, "repo_id": repo_id}):
        raise _no_such_webhook()
    wanted = {"id": hook_id, "before": before, "limit": limit + 1}
    rows = (await connection.execute(queries.DELIVERIES, wanted)).mappings().all()
    items = [Delivery(**{**row, "outcome": DeliveryOutcome(row["outcome"])}) for row in rows[:limit]]
    return DeliveryPage(items, encode_cursor(items[-1].id) if len(rows) > limit else None)


def new_secret() -> str:
    """A secret in the form of Standard Webhooks, which every forge takes as text."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _no_such_webhook() -> NotFound:
    return NotFound("The repository has no such webhook.")
