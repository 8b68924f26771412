"""The audit log only grows: not even the owner of the table changes or removes a row."""

import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.database import count, execute
from tests.support.world import World
from tgl_server.db.engine import Database

UPSERT = """
    INSERT INTO audit_logs (id, action, outcome) SELECT id, action, outcome FROM audit_logs LIMIT 1
    ON CONFLICT (id) DO UPDATE SET action = 'x'
"""
CHANGES = [
    "UPDATE audit_logs SET outcome = 'success'",
    "UPDATE audit_logs SET outcome = 'success' WHERE false",
    "DELETE FROM audit_logs",
    "TRUNCATE audit_logs",
    "MERGE INTO audit_logs a USING audit_logs b ON a.id = b.id WHEN MATCHED THEN DELETE",
    UPSERT,
]
# Undone with the transaction, which fails.
BECOME_OWNER = ("CREATE ROLE plain_owner", "ALTER TABLE audit_logs OWNER TO plain_owner", "SET LOCAL ROLE plain_owner")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("first", [(), BECOME_OWNER], ids=["superuser", "owner"])
async def test_a_row_is_never_changed_or_removed(
    world: World, database: Database, change: str, first: tuple[str, ...]
) -> None:
    before = await count(database, "audit_logs")
    with pytest.raises(DBAPIError, match="append-only"):
        await execute(database, *first, change)
    assert await count(database, "audit_logs") == before > 0
