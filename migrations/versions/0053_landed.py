"""What is on default branches, and since when: their names, the history of their tips, and the commits that landed."""

from alembic import op

revision = "0053"
down_revision = "0051"
branch_labels = None
depends_on = None

UPGRADE = (
    "ALTER TABLE repo_states ADD COLUMN head TEXT",
    """
    CREATE TABLE ref_updates (
        repo_id UUID NOT NULL, seq BIGINT NOT NULL, name TEXT NOT NULL, sha BYTEA NOT NULL, at TIMESTAMPTZ NOT NULL,
        CONSTRAINT pk_ref_updates PRIMARY KEY (repo_id, seq)
    )
    """,
    """
    CREATE TABLE landed (
        repo_id UUID NOT NULL, sha BYTEA NOT NULL, at TIMESTAMPTZ NOT NULL,
        CONSTRAINT pk_landed PRIMARY KEY (repo_id, sha)
    )
    """,
    """
    CREATE TABLE season_repos (
        season_id UUID NOT NULL, repo_id UUID NOT NULL, counting TEXT NOT NULL,
        CONSTRAINT pk_season_repos PRIMARY KEY (season_id, repo_id),
        CONSTRAINT ck_season_repos_counting CHECK (counting IN ('pushed', 'landed')),
        CONSTRAINT fk_season_repos_season_id FOREIGN KEY (season_id) REFERENCES seasons (id) ON DELETE CASCADE
    )
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for table in ("season_repos", "landed", "ref_updates"):
        op.execute(f"DROP TABLE {table}")
    op.execute("ALTER TABLE repo_states DROP COLUMN head")
