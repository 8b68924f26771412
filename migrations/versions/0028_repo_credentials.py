"""Sealed credentials of remotes, and the ssh host keys that maintainers have confirmed."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE repo_credentials (
        repo_id UUID NOT NULL,
        kind TEXT NOT NULL,
        username TEXT NOT NULL,
        origin TEXT NOT NULL,
        sealed TEXT NOT NULL,
        public_key TEXT,
        set_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        set_by UUID,
        last_used_at TIMESTAMPTZ,
        last_refused_at TIMESTAMPTZ,
        CONSTRAINT pk_repo_credentials PRIMARY KEY (repo_id),
        CONSTRAINT ck_repo_credentials_kind CHECK (kind IN ('https_token', 'ssh_key')),
        CONSTRAINT fk_repo_credentials_repo_id FOREIGN KEY(repo_id) REFERENCES repos (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE repo_host_keys (
        repo_id UUID NOT NULL,
        origin TEXT NOT NULL,
        public_key TEXT NOT NULL,
        confirmed_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        confirmed_by UUID,
        CONSTRAINT pk_repo_host_keys PRIMARY KEY (repo_id, origin, public_key),
        CONSTRAINT fk_repo_host_keys_repo_id FOREIGN KEY(repo_id) REFERENCES repos (id) ON DELETE CASCADE
    )
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE repo_host_keys")
    op.execute("DROP TABLE repo_credentials")
