"""Leagues, their rules and seasons, and what the scorer computes; the scorer's marks begin where the log ends now.

PostgreSQL's `/` and `%` truncate; `floor_div` and `floor_mod` are floor functions, as days before 1970 are negative.
"""

from alembic import op

revision = "0045"
down_revision = "0042"
branch_labels = None
depends_on = None

TABLES = (
    "standings",
    "player_weeks",
    "player_days",
    "strikes",
    "ledger",
    "season_authors",
    "season_weeks",
    "seasons",
    "rules",
    "league_repos",
    "leagues",
)

UPGRADE = (
    """
    CREATE FUNCTION floor_div(a bigint, b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
      AS $$ SELECT a / b - CASE WHEN a % b <> 0 AND (a < 0) <> (b < 0) THEN 1 ELSE 0 END $$
    """,
    """
    CREATE FUNCTION floor_mod(a bigint, b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
      AS $$ SELECT a % b + CASE WHEN a % b <> 0 AND (a < 0) <> (b < 0) THEN b ELSE 0 END $$
    """,
    """
    CREATE TABLE leagues (
        id UUID NOT NULL, slug TEXT NOT NULL, name TEXT NOT NULL, owner_id UUID NOT NULL,
        created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_leagues PRIMARY KEY (id),
        CONSTRAINT uq_leagues_slug UNIQUE (slug),
        CONSTRAINT fk_leagues_owner_id FOREIGN KEY (owner_id) REFERENCES users (id)
    )
    """,
    "CREATE INDEX ix_leagues_owner_id ON leagues (owner_id)",
    """
    CREATE TABLE league_repos (
        league_id UUID NOT NULL, repo_id UUID NOT NULL, position INTEGER NOT NULL, counts_from DATE,
        taken_in TIMESTAMPTZ DEFAULT now() NOT NULL, dates_trusted_until TIMESTAMPTZ,
        CONSTRAINT pk_league_repos PRIMARY KEY (league_id, repo_id),
        CONSTRAINT uq_league_repos_position UNIQUE (league_id, position) DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT fk_league_repos_league_id FOREIGN KEY (league_id) REFERENCES leagues (id) ON DELETE CASCADE,
        CONSTRAINT fk_league_repos_repo_id FOREIGN KEY (repo_id) REFERENCES repos (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_league_repos_repo_id ON league_repos (repo_id)",
    """
    CREATE TABLE rules (
        league_id UUID NOT NULL, version INTEGER NOT NULL, document JSONB NOT NULL, sha256 BYTEA NOT NULL,
        note TEXT DEFAULT '' NOT NULL, created_by UUID, created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_rules PRIMARY KEY (league_id, version),
        CONSTRAINT fk_rules_league_id FOREIGN KEY (league_id) REFERENCES leagues (id)
    )
    """,
    """
    CREATE FUNCTION refuse_rules_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'rules never change: make a new version' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER rules_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rules
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_rules_change()
    """,
    """
    CREATE TABLE seasons (
        id UUID NOT NULL, league_id UUID NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, starts DATE NOT NULL,
        weeks INTEGER NOT NULL, rules_version INTEGER NOT NULL, state TEXT DEFAULT 'draft' NOT NULL,
        begun INTEGER DEFAULT 0 NOT NULL, changed_seq BIGINT DEFAULT 0 NOT NULL,
        opened_at TIMESTAMPTZ, closed_at TIMESTAMPTZ, created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_seasons PRIMARY KEY (id),
        CONSTRAINT uq_seasons_league_id_number UNIQUE (league_id, number),
        CONSTRAINT ck_seasons_state CHECK (state IN ('draft', 'open', 'closing', 'closed')),
        CONSTRAINT fk_seasons_league_id FOREIGN KEY (league_id) REFERENCES leagues (id),
        CONSTRAINT fk_seasons_rules_version FOREIGN KEY (league_id, rules_version) REFERENCES rules (league_id, version)
    )
    """,
    "CREATE INDEX ix_seasons_scored ON seasons (league_id) WHERE state IN ('open', 'closing')",
    """
    CREATE TABLE season_weeks (
        season_id UUID NOT NULL, week INTEGER NOT NULL, closes_at TIMESTAMPTZ NOT NULL,
        CONSTRAINT pk_season_weeks PRIMARY KEY (season_id, week),
        CONSTRAINT fk_season_weeks_season_id FOREIGN KEY (season_id) REFERENCES seasons (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE season_authors (
        season_id UUID NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL,
        identity_id UUID NOT NULL, player_id UUID NOT NULL, kind TEXT NOT NULL, opted_out BOOLEAN NOT NULL,
        CONSTRAINT pk_season_authors PRIMARY KEY (season_id, email, name),
        CONSTRAINT ck_season_authors_kind CHECK (kind IN ('unknown', 'person', 'bot'))
    )
    """,
    """
    CREATE TABLE ledger (
        season_id UUID NOT NULL, player_id UUID NOT NULL, authored_at BIGINT NOT NULL, sha BYTEA NOT NULL,
        repo_id UUID NOT NULL, identity_id UUID NOT NULL, arrived_at TIMESTAMPTZ NOT NULL, title_key BIGINT NOT NULL,
        additions INTEGER NOT NULL, deletions INTEGER NOT NULL, files INTEGER NOT NULL, value INTEGER NOT NULL,
        day INTEGER NOT NULL, position INTEGER NOT NULL,
        own SMALLINT NOT NULL, verdict SMALLINT NOT NULL, change BYTEA NOT NULL,
        CONSTRAINT pk_ledger PRIMARY KEY (season_id, player_id, authored_at, sha, repo_id)
    )
    """,
    "CREATE INDEX ix_ledger_day ON ledger (season_id, player_id, day)",
    "CREATE INDEX ix_ledger_sha ON ledger (season_id, sha)",
    "CREATE INDEX ix_ledger_change ON ledger (season_id, player_id, change)",
    """
    CREATE INDEX ix_ledger_title_size ON ledger (season_id, player_id, title_key, additions, deletions, files)
    """,
    """
    CREATE TABLE strikes (
        season_id UUID NOT NULL, sha BYTEA NOT NULL, reason TEXT NOT NULL,
        struck_by UUID, at TIMESTAMPTZ DEFAULT now() NOT NULL,
        CONSTRAINT pk_strikes PRIMARY KEY (season_id, sha),
        CONSTRAINT fk_strikes_season_id FOREIGN KEY (season_id) REFERENCES seasons (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE player_days (
        season_id UUID NOT NULL, player_id UUID NOT NULL, day INTEGER NOT NULL,
        changes INTEGER NOT NULL, value BIGINT NOT NULL, points INTEGER NOT NULL,
        CONSTRAINT pk_player_days PRIMARY KEY (season_id, player_id, day)
    )
    """,
    """
    CREATE TABLE player_weeks (
        season_id UUID NOT NULL, player_id UUID NOT NULL, week INTEGER NOT NULL,
        days INTEGER NOT NULL, changes INTEGER NOT NULL, value BIGINT NOT NULL, points INTEGER NOT NULL,
        CONSTRAINT pk_player_weeks PRIMARY KEY (season_id, player_id, week)
    )
    """,
    "CREATE INDEX ix_player_weeks_season_id_week_points ON player_weeks (season_id, week, points)",
    """
    CREATE TABLE standings (
        season_id UUID NOT NULL, player_id UUID NOT NULL, points INTEGER NOT NULL, week_points INTEGER[] NOT NULL,
        weeks INTEGER NOT NULL, days INTEGER NOT NULL, best_week INTEGER NOT NULL,
        rank INTEGER NOT NULL, is_tied BOOLEAN NOT NULL,
        CONSTRAINT pk_standings PRIMARY KEY (season_id, player_id)
    )
    """,
    "CREATE INDEX ix_standings_season_id_rank ON standings (season_id, rank, player_id)",
    # No season is open: what is stored already matters to none, and nothing is to be computed from it.
    "LOCK TABLE repo_states IN SHARE MODE",
    "INSERT INTO follower_marks (repo_id, follower, seq) SELECT repo_id, 'leagues', ingest_seq FROM repo_states",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM follower_marks WHERE follower = 'leagues'")
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION refuse_rules_change()")
    op.execute("DROP FUNCTION floor_mod(bigint, bigint)")
    op.execute("DROP FUNCTION floor_div(bigint, bigint)")
