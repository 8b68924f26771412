"""The queue of mails."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE outgoing_mail (
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        kind TEXT NOT NULL,
        sealed TEXT,
        state TEXT DEFAULT 'queued' NOT NULL,
        attempts INTEGER DEFAULT 0 NOT NULL,
        due_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        expires_at TIMESTAMPTZ NOT NULL,
        lease_token UUID,
        lease_until TIMESTAMPTZ,
        last_error TEXT,
        done_at TIMESTAMPTZ,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_outgoing_mail PRIMARY KEY (id),
        CONSTRAINT ck_outgoing_mail_state CHECK (state IN ('queued', 'sent', 'refused', 'expired')),
        CONSTRAINT fk_outgoing_mail_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_outgoing_mail_due_at ON outgoing_mail (due_at) WHERE state = 'queued'",
    "CREATE INDEX ix_outgoing_mail_done_at ON outgoing_mail (done_at) WHERE state <> 'queued'",
    "CREATE INDEX ix_outgoing_mail_user_id_kind ON outgoing_mail (user_id, kind, created_at)",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE outgoing_mail")
