"""Commits, branch tips and sync runs; no foreign keys, and `repo_id` first in each key."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE commits (
        repo_id UUID NOT NULL,
        author_date TIMESTAMP WITH TIME ZONE NOT NULL,
        commit_date TIMESTAMP WITH TIME ZONE NOT NULL,
        ingested_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        additions INTEGER NOT NULL,
        deletions INTEGER NOT NULL,
        files_changed INTEGER NOT NULL,
        parent_count INTEGER NOT NULL,
        is_merge BOOLEAN NOT NULL,
        sha BYTEA NOT NULL,
        author_name TEXT NOT NULL,
        author_email TEXT NOT NULL,
        committer_name TEXT NOT NULL,
        committer_email TEXT NOT NULL,
        message_title TEXT NOT NULL,
        message_body TEXT,
        parents BYTEA[],
        CONSTRAINT pk_commits PRIMARY KEY (repo_id, sha)
    )
    """,
    "CREATE INDEX ix_commits_repo_id_author_email_commit_date ON commits (repo_id, author_email, commit_date)",
    "CREATE INDEX ix_commits_repo_id_commit_date ON commits (repo_id, commit_date)",
    """
    CREATE TABLE repo_refs (
        repo_id UUID NOT NULL,
        name TEXT NOT NULL,
        sha BYTEA NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_repo_refs PRIMARY KEY (repo_id, name)
    )
    """,
    """
    CREATE TABLE sync_runs (
        repo_id UUID NOT NULL,
        id UUID NOT NULL,
        state TEXT NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        last_batch_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        finished_at TIMESTAMP WITH TIME ZONE,
        batches BIGINT DEFAULT 0 NOT NULL,
        total BIGINT DEFAULT 0 NOT NULL,
        inserted BIGINT DEFAULT 0 NOT NULL,
        skipped BIGINT DEFAULT 0 NOT NULL,
        errors BIGINT DEFAULT 0 NOT NULL,
        client_version TEXT,
        user_id UUID,
        api_key_id UUID,
        error_message TEXT,
        CONSTRAINT pk_sync_runs PRIMARY KEY (repo_id, id),
        CONSTRAINT ck_sync_runs_state CHECK (state IN ('running', 'done', 'failed', 'interrupted'))
    )
    """,
    "CREATE INDEX ix_sync_runs_repo_id_started_at ON sync_runs (repo_id, started_at)",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE sync_runs")
    op.execute("DROP TABLE repo_refs")
    op.execute("DROP TABLE commits")
