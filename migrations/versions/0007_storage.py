"""What only grows is vacuumed and frozen in steps that stay small.

The figures behind each number are in docs/subsystems/growth.md.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# A share of the table, as is the default, comes ever more rarely and has ever more to do. A row never changes, so it
# is frozen as soon as it is seen, and not read again for that when transaction ids run out.
ONLY_GROWS = {
    "autovacuum_vacuum_insert_scale_factor": "0",
    "autovacuum_vacuum_insert_threshold": "100000",
    "autovacuum_freeze_min_age": "0",
}
TABLES = "commits", "audit_logs"


def upgrade() -> None:
    given = ", ".join(f"{name} = {value}" for name, value in ONLY_GROWS.items())
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} SET ({given})")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} RESET ({', '.join(ONLY_GROWS)})")
