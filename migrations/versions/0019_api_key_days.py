"""The uses of each API key by day, and the refusals of a right one."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE api_key_days (
            key_id UUID NOT NULL,
            day DATE NOT NULL,
            uses BIGINT NOT NULL,
            refused BIGINT NOT NULL,
            CONSTRAINT pk_api_key_days PRIMARY KEY (key_id, day),
            CONSTRAINT fk_api_key_days_key_id FOREIGN KEY (key_id) REFERENCES api_keys (id) ON DELETE CASCADE
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE api_key_days")
