"""Logins of machines that somebody approves in a browser: their codes as hashes, until they are over."""

from alembic import op

revision = "0025"
down_revision = "0022"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE device_logins (
        id UUID NOT NULL,
        device_code_hash BYTEA NOT NULL,
        user_code_hash BYTEA NOT NULL,
        state TEXT NOT NULL,
        name TEXT NOT NULL,
        scopes TEXT[] NOT NULL,
        expires_in_days BIGINT NOT NULL,
        ip INET,
        user_agent TEXT,
        expires_at TIMESTAMPTZ NOT NULL,
        interval_seconds BIGINT NOT NULL,
        last_polled_at TIMESTAMPTZ,
        user_id UUID,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_device_logins PRIMARY KEY (id),
        CONSTRAINT ck_device_logins_state CHECK (state IN ('waiting', 'approved', 'declined', 'collected')),
        CONSTRAINT fk_device_logins_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
    )
    """,
    "CREATE UNIQUE INDEX uq_device_logins_device_code_hash ON device_logins (device_code_hash)",
    "CREATE UNIQUE INDEX uq_device_logins_user_code_hash ON device_logins (user_code_hash)",
    "CREATE INDEX ix_device_logins_user_id ON device_logins (user_id)",
    "CREATE INDEX ix_device_logins_expires_at ON device_logins (expires_at)",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE device_logins")
