"""The SQL of leagues, their repositories and rules."""

from sqlalchemy import text

LAST_RULES = text("SELECT coalesce(max(version), 0) FROM rules WHERE league_id = :league_id")

ADD_RULES = text("""
    INSERT INTO rules (league_id, version, document, sha256, note, created_by)
    VALUES (:league_id, :version, CAST(:document AS jsonb), :sha256, :note, :created_by)
""")

RULES = text("""
    SELECT CAST(document AS text) AS document FROM rules WHERE league_id = :league_id AND version = :version
""")

PUT_REPOS = text("""
    WITH given AS MATERIALIZED (
        SELECT g.* FROM unnest(
            CAST(:repo_id AS uuid[]), CAST(:position AS integer[]), CAST(:counts_from AS date[]),
            CAST(:dates_trusted_until AS timestamptz[])
        ) AS g (repo_id, position, counts_from, dates_trusted_until)
    )
    INSERT INTO league_repos (league_id, repo_id, position, counts_from, dates_trusted_until)
    SELECT CAST(:league_id AS uuid), g.* FROM given g ORDER BY g.repo_id
    ON CONFLICT (league_id, repo_id) DO UPDATE SET
        position = EXCLUDED.position, counts_from = EXCLUDED.counts_from,
        dates_trusted_until = EXCLUDED.dates_trusted_until
""")

DROP_REPOS = text("""
    DELETE FROM league_repos WHERE league_id = :league_id AND repo_id = ANY(CAST(:repo_ids AS uuid[]))
""")
