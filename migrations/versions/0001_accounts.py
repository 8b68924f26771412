"""Users and their API keys."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE users (
        id UUID NOT NULL,
        email TEXT NOT NULL,
        display_name TEXT NOT NULL,
        password_hash TEXT,
        role TEXT NOT NULL,
        state TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_users PRIMARY KEY (id),
        CONSTRAINT ck_users_role CHECK (role IN ('commissioner', 'player', 'spectator')),
        CONSTRAINT ck_users_state CHECK (state IN ('pending', 'active', 'retired'))
    )
    """,
    "CREATE UNIQUE INDEX uq_users_email ON users (lower(email))",
    """
    CREATE TABLE api_keys (
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        name TEXT NOT NULL,
        prefix TEXT NOT NULL,
        key_hash TEXT NOT NULL,
        scopes TEXT[] NOT NULL,
        is_active BOOLEAN DEFAULT true NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE,
        revoked_at TIMESTAMP WITH TIME ZONE,
        rotated_to UUID,
        repo_ids UUID[],
        networks CIDR[],
        last_used_at TIMESTAMP WITH TIME ZONE,
        last_used_ip INET,
        last_user_agent TEXT,
        usage_count BIGINT DEFAULT 0 NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_api_keys PRIMARY KEY (id),
        CONSTRAINT uq_api_keys_prefix UNIQUE (prefix),
        CONSTRAINT fk_api_keys_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_api_keys_user_id ON api_keys (user_id)",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE api_keys")
    op.execute("DROP TABLE users")
