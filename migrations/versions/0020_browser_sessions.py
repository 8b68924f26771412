"""Sessions of browsers: the hash of their cookie, when they were last in use, and one more reason."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_REASONS = "'logged_out', 'token_reused', 'password_changed', 'retired'"

UPGRADE = (
    "ALTER TABLE auth_sessions ADD COLUMN cookie_hash BYTEA, ADD COLUMN last_seen_at TIMESTAMPTZ",
    "CREATE UNIQUE INDEX uq_auth_sessions_cookie_hash ON auth_sessions (cookie_hash)",
    "ALTER TABLE auth_sessions DROP CONSTRAINT ck_auth_sessions_end_reason",
    f"""
    ALTER TABLE auth_sessions ADD CONSTRAINT ck_auth_sessions_end_reason
        CHECK (end_reason IN ({_REASONS}, 'signed_out_elsewhere'))
    """,
)

DOWNGRADE = (
    "DELETE FROM auth_sessions WHERE cookie_hash IS NOT NULL OR end_reason = 'signed_out_elsewhere'",
    "ALTER TABLE auth_sessions DROP CONSTRAINT ck_auth_sessions_end_reason",
    f"ALTER TABLE auth_sessions ADD CONSTRAINT ck_auth_sessions_end_reason CHECK (end_reason IN ({_REASONS}))",
    "ALTER TABLE auth_sessions DROP COLUMN cookie_hash, DROP COLUMN last_seen_at",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
