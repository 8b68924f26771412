"""Workers that hear messages of a broker, a pause of all pulls, and the kind of each failure.

The host that has a mirror is asked first while one of its workers listens.
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

UPGRADE = (
    "ALTER TABLE pull_workers ADD COLUMN uses_broker BOOLEAN DEFAULT false NOT NULL",
    "ALTER TABLE repo_pulls ADD COLUMN failure_code TEXT",
    """
    CREATE TABLE pull_pause (
        is_paused BOOLEAN DEFAULT true NOT NULL,
        paused_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        reason TEXT NOT NULL,
        CONSTRAINT pk_pull_pause PRIMARY KEY (is_paused),
        CONSTRAINT ck_pull_pause_one CHECK (is_paused)
    )
    """,
)

DOWNGRADE = (
    "DROP TABLE pull_pause",
    "ALTER TABLE repo_pulls DROP COLUMN failure_code",
    "ALTER TABLE pull_workers DROP COLUMN uses_broker",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
