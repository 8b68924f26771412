"""Reading the audit log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct


class AuditRecord(Struct, frozen=True, kw_only=True):
    """Who did what, from where, when; a refused attempt has the outcome `refused`.

    It outlives the users, keys and resources that it names. An actor of null is the server's own command line, or
    somebody who did not say who they are.
    """

    id: UUID
    at: datetime
    action: str
    outcome: str
    actor_user_id: UUID | None
    actor_key_id: UUID | None
    resource_type: str | None
    resource_id: str | None
    ip: str | None
    user_agent: str | None
    request_id: str | None
    details: dict[str, Any]


class AuditPage(Struct, frozen=True):
    """Newest first; `next_cursor` is null on the last page."""

    items: list[AuditRecord]
    next_cursor: str | None
