"""Reading the audit log: in pages, and all of it in chunks for an export."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.audit import AuditPage, AuditRecord
from tgl_server.audit.queries import AuditFilter, AuditKey, audit_page
from tgl_server.cursors import Instant, cut_page, decode_cursor
from tgl_server.db.engine import Database

CHUNK_ROWS = 1000


async def list_records(
    connection: AsyncConnection, wanted: AuditFilter, *, limit: int, cursor: str | None
) -> AuditPage:
    """One page, newest first."""
    after = decode_cursor(cursor, tuple[Instant, UUID]) if cursor else None
    rows = (await connection.execute(audit_page(wanted, after, limit + 1))).mappings().all()
    page, next_cursor = cut_page(rows, limit, lambda row: (row["at"], row["id"]))
    return AuditPage([_record(row) for row in page], next_cursor)


async def records_in_chunks(database: Database, wanted: AuditFilter) -> AsyncIterator[list[AuditRecord]]:
    """Newest first, until there are no more.

    Each chunk is a statement of its own: a reader who takes an hour holds neither a connection nor a snapshot. What
    is written meanwhile is newer than the first chunk, so it neither shows up nor makes this endless.
    """
    after: AuditKey | None = None
    while True:
        async with database.statements() as connection:
            rows = (await connection.execute(audit_page(wanted, after, CHUNK_ROWS))).mappings().all()
        if rows:
            yield [_record(row) for row in rows]
        if len(rows) < CHUNK_ROWS:
            return
        after = (rows[-1]["at"], rows[-1]["id"])


def _record(row: RowMapping) -> AuditRecord:
    ip = row["ip"]
    return AuditRecord(**{**row, "ip": None if ip is None else str(ip)})
