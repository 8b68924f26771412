"""Writing to the audit log.

A row about a success belongs to the act's own transaction, so that neither is stored without the other; a row about a
refusal gets a transaction of its own, as the refused one is rolled back.
"""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from uuid_utils.compat import uuid7

from tgl_server.audit.actions import AuditAction, AuditOutcome
from tgl_server.audit.queries import INSERT_ENTRY
from tgl_server.http.client_address import Origin


class AuditEntry(Struct, frozen=True, kw_only=True):
    """A row to write; `details` is plain JSON and never holds a secret."""

    action: AuditAction
    outcome: AuditOutcome = AuditOutcome.SUCCESS
    actor_user_id: UUID | None = None
    actor_key_id: UUID | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    origin: Origin | None = None
    details: dict[str, Any] = {}


class Actor(Struct, frozen=True):
    """The one who acts, with which key and from where; empty for the server's own command line."""

    user_id: UUID | None = None
    key_id: UUID | None = None
    origin: Origin | None = None

    def did(self, action: AuditAction, resource_type: str, resource_id: UUID | None, **details: Any) -> AuditEntry:
        """The row about an act of this actor, which succeeds with its transaction."""
        return AuditEntry(
            action=action,
            actor_user_id=self.user_id,
            actor_key_id=self.key_id,
            resource_type=resource_type,
            resource_id=None if resource_id is None else str(resource_id),
            origin=self.origin,
            details=details,
        )


async def record(tx: AsyncSession | AsyncConnection, entry: AuditEntry) -> None:
    """Add a row to the audit log."""
    origin = entry.origin
    await tx.execute(
        INSERT_ENTRY,
        {
            "id": uuid7(),
            "action": entry.action,
            "outcome": entry.outcome,
            "actor_user_id": entry.actor_user_id,
            "actor_key_id": entry.actor_key_id,
            "resource_type": entry.resource_type,
            "resource_id": entry.resource_id,
            "ip": origin.ip if origin else None,
            "user_agent": origin.user_agent if origin else None,
            "request_id": origin.request_id if origin else None,
            "details": msgspec.json.encode(entry.details).decode(),
        },
    )
