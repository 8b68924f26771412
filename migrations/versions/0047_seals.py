"""Seals of weeks and seasons, in a chain that never changes, and which rows of the ledger are sealed."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

UPGRADE = (
    "ALTER TABLE seasons ADD COLUMN sealed INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE ledger ADD COLUMN is_sealed BOOLEAN DEFAULT false NOT NULL",
    """
    CREATE TABLE seals (
        season_id UUID NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, week INTEGER,
        payload TEXT NOT NULL, previous BYTEA NOT NULL, sha256 BYTEA NOT NULL,
        actor_id UUID, reason TEXT DEFAULT '' NOT NULL, changes JSONB DEFAULT '[]' NOT NULL,
        at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_seals PRIMARY KEY (season_id, seq),
        CONSTRAINT ck_seals_kind CHECK (kind IN ('week', 'amend', 'season')),
        CONSTRAINT fk_seals_season_id FOREIGN KEY (season_id) REFERENCES seasons (id)
    )
    """,
    """
    CREATE FUNCTION refuse_seals_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'seals never change: an amendment adds one' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seals
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_seals_change()
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE seals")
    op.execute("DROP FUNCTION refuse_seals_change()")
    op.execute("ALTER TABLE ledger DROP COLUMN is_sealed")
    op.execute("ALTER TABLE seasons DROP COLUMN sealed")
