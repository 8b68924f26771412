"""The request of a delivery: its head is judged, then its body read, and a refusal noted.

The body is read only for a webhook that exists and a head that brings some proof, as anybody may send ten megabytes.
"""

from typing import Any

from litestar import Request
from msgspec import Struct

from tgl_protocol.http import JSON_MEDIA_TYPE
from tgl_protocol.webhooks import MAX_WEBHOOK_BYTES, DeliveryAnswer, DeliveryOutcome
from tgl_server import errors
from tgl_server.audit.actions import AuditOutcome
from tgl_server.audit.service import AuditEntry, record
from tgl_server.db.engine import Database
from tgl_server.http.body import media_type_of, raw_body
from tgl_server.http.body_budget import BodyBudget
from tgl_server.http.client_address import client_ip, origin_of
from tgl_server.webhooks.actions import WebhookAction
from tgl_server.webhooks.errors import MissingProof, NotJson, OutdatedProof, WrongProof
from tgl_server.webhooks.limit import RefusalLimit
from tgl_server.webhooks.proofs import Check
from tgl_server.webhooks.receiving import Hook, Proven, claim_of, note_refused, proven

_REFUSALS = (MissingProof, OutdatedProof, WrongProof, NotJson, errors.BodyTooLarge)


class Arrival(Struct, frozen=True):
    """A request that came to a webhook."""

    request: Request[Any, Any, Any]
    hook: Hook
    database: Database

    @property
    def is_unsigned_ping(self) -> bool:
        """True for a ping of a sender that does not sign those; nothing of it is kept, as anybody may send it."""
        forge, headers = self.hook.forge, self.request.headers
        return forge.is_unsigned_ping(headers) and forge.proof.claim_of(headers) is None

    @property
    def pong(self) -> DeliveryAnswer:
        """The answer to a ping."""
        return DeliveryAnswer(outcome=DeliveryOutcome.PONG)

    async def proven(self, budget: BodyBudget, limit: RefusalLimit) -> Proven:
        """What arrived, once it is proven; raises 401, 413, 415 and 503 errors, and 429 for too many of the first."""
        try:
            return await self._proven(budget)
        except _REFUSALS as refusal:
            await limit.count(client_ip(self.request.scope))
            await self._note(refusal)
            raise

    async def _proven(self, budget: BodyBudget) -> Proven:
        headers = self.request.headers
        if media_type_of(self.request) != JSON_MEDIA_TYPE or headers.get("content-encoding", "identity") != "identity":
            raise NotJson
        check = Check(self.hook.forge.proof, claim_of(self.hook, headers), self.hook.secrets)
        async with raw_body(self.request, MAX_WEBHOOK_BYTES, budget, check.feed) as body:
            return proven(self.hook, headers, check, body)

    async def _note(self, refusal: errors.ApiError) -> None:
        """Write the refusal into the list of deliveries and into the audit log."""
        entry = AuditEntry(
            action=WebhookAction.WEBHOOK_REFUSED,
            outcome=AuditOutcome.REFUSED,
            resource_type="repo",
            resource_id=str(self.hook.repo_id),
            origin=origin_of(self.request),
            details={"reason": refusal.code, "hook_id": str(self.hook.id)},
        )
        async with self.database.transaction(self.hook.repo_id) as tx:
            await note_refused(tx, self.hook, self.request.headers, refusal.code, refusal.status)
            await record(tx, entry)
