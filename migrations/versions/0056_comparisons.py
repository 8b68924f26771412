"""Comparisons that people asked for: a worker that has the mirror makes each, and its result is kept."""

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE repo_comparisons (
            repo_id UUID NOT NULL,
            requested_at TIMESTAMPTZ DEFAULT now() NOT NULL,
            requested_by UUID,
            lease_token UUID,
            lease_until TIMESTAMPTZ,
            attempts INTEGER DEFAULT 0 NOT NULL,
            finished_at TIMESTAMPTZ,
            result JSONB,
            error TEXT,
            CONSTRAINT pk_repo_comparisons PRIMARY KEY (repo_id),
            CONSTRAINT fk_repo_comparisons_repo_id FOREIGN KEY(repo_id) REFERENCES repos (id) ON DELETE CASCADE
        )
    """)
    op.execute("""
        CREATE INDEX ix_repo_comparisons_open ON repo_comparisons (requested_at) WHERE finished_at IS NULL
    """)


def downgrade() -> None:
    op.execute("DROP TABLE repo_comparisons")
