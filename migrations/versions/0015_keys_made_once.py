"""API keys made with an Idempotency-Key remember it, as a hash, so that a repeated request makes no second key."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UPGRADE = (
    "ALTER TABLE api_keys ADD COLUMN idempotency_hash BYTEA, ADD COLUMN request_hash BYTEA",
    """
    CREATE UNIQUE INDEX uq_api_keys_user_id_idempotency_hash ON api_keys (user_id, idempotency_hash)
    WHERE idempotency_hash IS NOT NULL
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE api_keys DROP COLUMN idempotency_hash, DROP COLUMN request_hash")
