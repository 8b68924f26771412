"""The SQL of reading the audit log."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Select, select, tuple_

from tgl_server.audit.actions import AuditAction, AuditOutcome
from tgl_server.audit.models import AuditLog

AuditKey = tuple[datetime, UUID]


class AuditFilter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which rows; None is any."""

    action: AuditAction | None = None
    outcome: AuditOutcome | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    actor_user_id: UUID | None = None
    actor_key_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


_EQUAL = ("action", "outcome", "resource_type", "resource_id", "actor_user_id", "actor_key_id")


def audit_page(wanted: AuditFilter, after: AuditKey | None, limit: int) -> Select[AuditLog]:
    """Newest first, from after a key on; composed of the conditions that are asked for, so that indexes serve each."""
    found = select(AuditLog)
    for name in _EQUAL:
        if (value := getattr(wanted, name)) is not None:
            found = found.where(getattr(AuditLog, name) == value)
    if wanted.since is not None:
        found = found.where(AuditLog.at >= wanted.since)
    if wanted.until is not None:
        found = found.where(AuditLog.at < wanted.until)
    if after is not None:
        # The first condition follows from the second, and is the one that an index can start from.
        found = found.where(AuditLog.at <= after[0], tuple_(AuditLog.at, AuditLog.id) < tuple_(*after))
    return found.order_by(AuditLog.at.desc(), AuditLog.id.desc()).limit(limit)
