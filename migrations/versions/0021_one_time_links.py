"""Links that work once: invitations, new passwords, and signing in."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE one_time_links (
        token_hash BYTEA NOT NULL,
        kind TEXT NOT NULL,
        user_id UUID NOT NULL,
        made_by UUID,
        expires_at TIMESTAMPTZ NOT NULL,
        used_at TIMESTAMPTZ,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_one_time_links PRIMARY KEY (token_hash),
        CONSTRAINT ck_one_time_links_kind CHECK (kind IN ('invitation', 'new_password', 'sign_in')),
        CONSTRAINT fk_one_time_links_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_one_time_links_user_id ON one_time_links (user_id)",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE one_time_links")
