"""Reading the audit log: in pages, or all of it in chunks for an export."""

from collections.abc import AsyncIterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.audit import AuditPage, AuditRecord
from tgl_server.access.guards import as_uuid
from tgl_server.audit.changes import in_todays_shape
from tgl_server.audit_logs.queries import NAMES, AuditFilter, AuditKey, audit_page
from tgl_server.db.engine import Database
from tgl_server.http.pagination import Instant, cut_page, decode_cursor

CHUNK_ROWS = 1000


async def list_records(
    connection: AsyncConnection, wanted: AuditFilter, *, limit: int, cursor: str | None
) -> AuditPage:
    """One page of the audit log, newest first."""
    after = decode_cursor(cursor, tuple[Instant, UUID]) if cursor else None
    rows = (await connection.execute(audit_page(wanted, after, limit + 1))).mappings().all()
    page, next_cursor = cut_page(rows, limit, lambda row: (row["at"], row["id"]))
    return AuditPage(await _records(connection, page), next_cursor)


async def records_in_chunks(database: Database, wanted: AuditFilter) -> AsyncIterator[list[AuditRecord]]:
    """All records that the filter wants, newest first, in chunks.

    Each chunk is a statement of its own: a reader who takes an hour holds neither a connection nor a snapshot. Entries
    written meanwhile are newer than the first chunk, so they neither show up nor make this endless.
    """
    after: AuditKey | None = None
    while True:
        async with database.statements() as connection:
            rows = (await connection.execute(audit_page(wanted, after, CHUNK_ROWS))).mappings().all()
            records = await _records(connection, rows)
        if records:
            yield records
        if len(rows) < CHUNK_ROWS:
            return
        after = (rows[-1]["at"], rows[-1]["id"])


async def _records(connection: AsyncConnection, rows: Sequence[RowMapping]) -> list[AuditRecord]:
    """Rows as the API shows them, with the names that their ids have today: one query for all of them."""
    ids = {id_ for row in rows for id_ in (row["actor_user_id"], row["actor_key_id"], _resource_id(row)) if id_}
    found = await connection.execute(NAMES, {"ids": list(ids)}) if ids else ()
    names = {(type_, id_): name for type_, id_, name in found}
    return [_record(row, names) for row in rows]


def _resource_id(row: RowMapping) -> UUID | None:
    """The id of what the act was about; None for what has a name or part of a path in its place."""
    return as_uuid(row["resource_id"]) if row["resource_id"] else None


def _record(row: RowMapping, names: Mapping[tuple[str | None, UUID | None], str]) -> AuditRecord:
    ip = row["ip"]
    shown = {
        "ip": None if ip is None else str(ip),
        "details": in_todays_shape(row["details"]),
        "actor_user_name": names.get(("user", row["actor_user_id"])),
        "actor_key_name": names.get(("api_key", row["actor_key_id"])),
        "resource_name": names.get((row["resource_type"], _resource_id(row))),
    }
    return AuditRecord(**{**row, **shown})
