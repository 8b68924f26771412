"""Players, their identities, how these came about, and claims; kept by a follower of the ingest log.

The follower begins at the log's beginning and catches up with the stored commits, as which addresses are shared is
decided in Python.
"""

from alembic import op

revision = "0040"
down_revision = "0037"
branch_labels = None
depends_on = None

TABLES = ("repo_authors", "shared_addresses", "claims", "identity_events", "identities", "players")
SOURCES = "'commits', 'account', 'claim', 'mailmap', 'merge', 'split'"

UPGRADE = (
    """
    CREATE TABLE players (
        id UUID NOT NULL,
        user_id UUID,
        name TEXT NOT NULL,
        kind TEXT DEFAULT 'person' NOT NULL,
        state TEXT NOT NULL,
        visibility TEXT DEFAULT 'shown' NOT NULL,
        shown_name TEXT,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_players PRIMARY KEY (id),
        CONSTRAINT uq_players_user_id UNIQUE (user_id),
        CONSTRAINT ck_players_kind CHECK (kind IN ('person', 'bot')),
        CONSTRAINT ck_players_state CHECK (state IN ('provisional', 'active', 'retired', 'erased')),
        CONSTRAINT ck_players_visibility CHECK (visibility IN ('shown', 'pseudonym', 'hidden')),
        CONSTRAINT fk_players_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX ix_players_unseen ON players (id) WHERE visibility <> 'shown' OR state = 'erased'",
    f"""
    CREATE TABLE identities (
        id UUID NOT NULL,
        email TEXT NOT NULL,
        name TEXT NOT NULL,
        player_id UUID NOT NULL,
        kind TEXT DEFAULT 'unknown' NOT NULL,
        source TEXT DEFAULT 'commits' NOT NULL,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_identities PRIMARY KEY (id),
        CONSTRAINT uq_identities_email_name UNIQUE (email, name),
        CONSTRAINT ck_identities_kind CHECK (kind IN ('unknown', 'person', 'bot')),
        CONSTRAINT ck_identities_source CHECK (source IN ({SOURCES})),
        CONSTRAINT fk_identities_player_id FOREIGN KEY(player_id) REFERENCES players (id)
    )
    """,
    "CREATE INDEX ix_identities_player_id ON identities (player_id)",
    f"""
    CREATE TABLE identity_events (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        at TIMESTAMPTZ DEFAULT now() NOT NULL,
        actor_id UUID,
        kind TEXT NOT NULL,
        identities UUID[] NOT NULL,
        from_players UUID[] NOT NULL,
        to_players UUID[] NOT NULL,
        reason TEXT DEFAULT '' NOT NULL,
        undoes BIGINT,
        CONSTRAINT pk_identity_events PRIMARY KEY (id),
        CONSTRAINT ck_identity_events_kind CHECK (kind IN ({SOURCES}))
    )
    """,
    "CREATE INDEX ix_identity_events_identities ON identity_events USING gin (identities)",
    """
    CREATE FUNCTION refuse_identity_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'identity_events is append-only' USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    """
    CREATE TRIGGER identity_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity_events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_identity_event_change()
    """,
    """
    CREATE TABLE claims (
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        identity_id UUID NOT NULL,
        evidence TEXT NOT NULL,
        state TEXT DEFAULT 'waiting' NOT NULL,
        decided_by UUID,
        decided_at TIMESTAMPTZ,
        reason TEXT,
        event_id BIGINT,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_claims PRIMARY KEY (id),
        CONSTRAINT ck_claims_state CHECK (state IN ('waiting', 'approved', 'refused', 'withdrawn')),
        CONSTRAINT fk_claims_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_claims_identity_id FOREIGN KEY(identity_id) REFERENCES identities (id),
        CONSTRAINT fk_claims_event_id FOREIGN KEY(event_id) REFERENCES identity_events (id)
    )
    """,
    "CREATE INDEX ix_claims_user_id ON claims (user_id)",
    "CREATE INDEX ix_claims_identity_id ON claims (identity_id)",
    "CREATE INDEX ix_claims_state_id ON claims (state, id)",
    "CREATE UNIQUE INDEX uq_claims_waiting ON claims (user_id, identity_id) WHERE state = 'waiting'",
    """
    CREATE TABLE shared_addresses (
        email TEXT NOT NULL,
        marked_by UUID,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_shared_addresses PRIMARY KEY (email)
    )
    """,
    """
    CREATE TABLE repo_authors (
        repo_id UUID NOT NULL,
        email TEXT NOT NULL,
        name TEXT NOT NULL,
        CONSTRAINT pk_repo_authors PRIMARY KEY (repo_id, email, name)
    )
    """,
    "CREATE INDEX ix_repo_authors_email_name ON repo_authors (email, name)",
    # A push that has stored but not counted is waited for, and none makes a repository until the marks are there.
    "LOCK TABLE repo_states IN SHARE MODE",
    "INSERT INTO follower_marks (repo_id, follower, seq) SELECT repo_id, 'players', 0 FROM repo_states",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM follower_marks WHERE follower = 'players'")
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION refuse_identity_event_change()")
