"""The SQL that reads the audit log, and that deletes what is older than its retention."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Select, select, text, tuple_

from tgl_server.audit.actions import AuditOutcome
from tgl_server.audit.models import AuditLog

AuditKey = tuple[datetime, UUID]


class AuditFilter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A filter of rows; a field of None matches any."""

    action: str | None = None
    outcome: AuditOutcome | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    actor_user_id: UUID | None = None
    actor_key_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


# The lock is held by the transaction and not by the connection, so that it works behind PgBouncer.
TRY_TO_PRUNE = text("SELECT pg_try_advisory_xact_lock(:key)")

# In whole days, so that it moves once a day and not with each sweep.
SET_CUTOFF = text("""
    INSERT INTO audit_cutoffs (outcome, cutoff)
    VALUES (:outcome, date_trunc('day', now(), 'UTC') - CAST(:days AS integer) * interval '1 day')
    ON CONFLICT (outcome) DO UPDATE SET cutoff = EXCLUDED.cutoff WHERE audit_cutoffs.cutoff <> EXCLUDED.cutoff
""")

KEEP_FOR_EVER = text("DELETE FROM audit_cutoffs WHERE outcome = :outcome")

# The trigger reads the cutoff too, and would refuse anything younger.
DELETE_FORGOTTEN = text("""
    WITH forgotten AS (
        SELECT l.id FROM audit_logs l JOIN audit_cutoffs c ON c.outcome = l.outcome
        WHERE l.outcome = :outcome AND l.at < c.cutoff ORDER BY l.at LIMIT :limit
    ), gone AS (
        DELETE FROM audit_logs WHERE id IN (SELECT id FROM forgotten) RETURNING at
    )
    SELECT count(*) AS rows, min(at) AS first, max(at) AS last FROM gone
""")


_EQUAL = ("action", "outcome", "resource_type", "resource_id", "actor_user_id", "actor_key_id")


def audit_page(wanted: AuditFilter, after: AuditKey | None, limit: int) -> Select[AuditLog]:
    """A page of rows, newest first, after a key; it has only the conditions asked for, so that indexes serve each."""
    found = select(AuditLog)
    for name in _EQUAL:
        if (value := getattr(wanted, name)) is not None:
            found = found.where(getattr(AuditLog, name) == value)
    if wanted.since is not None:
        found = found.where(AuditLog.at >= wanted.since)
    if wanted.until is not None:
        found = found.where(AuditLog.at < wanted.until)
    if after is not None:
        # The first condition follows from the second, but is the one at which an index scan can start.
        found = found.where(AuditLog.at <= after[0], tuple_(AuditLog.at, AuditLog.id) < tuple_(*after))
    return found.order_by(AuditLog.at.desc(), AuditLog.id.desc()).limit(limit)


# Today's names of what entries name by id. Each table is asked for all ids: an entry may name a user as its resource.
NAMES = text("""
    SELECT 'user' AS type, id, display_name AS name FROM users WHERE id = ANY(CAST(:ids AS uuid[]))
    UNION ALL
    SELECT 'api_key', id, name FROM api_keys WHERE id = ANY(CAST(:ids AS uuid[]))
    UNION ALL
    SELECT 'project', id, name FROM projects WHERE id = ANY(CAST(:ids AS uuid[]))
    UNION ALL
    SELECT 'repo', id, name FROM repos WHERE id = ANY(CAST(:ids AS uuid[]))
""")
