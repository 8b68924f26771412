"""Co-authors who share the lines of a change: whom the ledger credits besides, their parts, and who is named where."""

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

UPGRADE = (
    "ALTER TABLE ledger ADD COLUMN sharers UUID[] DEFAULT '{}' NOT NULL",
    """
    CREATE TABLE ledger_shares (
        season_id UUID NOT NULL, player_id UUID NOT NULL, sha BYTEA NOT NULL, repo_id UUID NOT NULL,
        author_id UUID NOT NULL, day INTEGER NOT NULL, value INTEGER NOT NULL,
        CONSTRAINT pk_ledger_shares PRIMARY KEY (season_id, player_id, sha, repo_id)
    )
    """,
    "CREATE INDEX ix_ledger_shares_day ON ledger_shares (season_id, player_id, day)",
    "CREATE INDEX ix_ledger_shares_author ON ledger_shares (season_id, author_id, sha)",
    """
    CREATE TABLE ledger_named (
        season_id UUID NOT NULL, identity_id UUID NOT NULL, repo_id UUID NOT NULL, sha BYTEA NOT NULL,
        CONSTRAINT pk_ledger_named PRIMARY KEY (season_id, identity_id, repo_id, sha)
    )
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE ledger_named")
    op.execute("DROP TABLE ledger_shares")
    op.execute("ALTER TABLE ledger DROP COLUMN sharers")
