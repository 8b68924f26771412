"""The SQL that reads leagues, seasons and verdicts; none of it reads commits."""

from sqlalchemy import text

from tgl_protocol.leagues import CommitVerdict
from tgl_server.leagues.models import VERDICT_CODES

_COUNTS = VERDICT_CODES[CommitVerdict.FUTURE]
_COPY = VERDICT_CODES[CommitVerdict.COPY]

# Whoever is in a project that has a repository of the league sees the league; so do its owner and commissioners.
_IS_SEEN = """(
    :is_commissioner OR l.owner_id = :user_id OR EXISTS (
        SELECT FROM league_repos lr JOIN repos r ON r.id = lr.repo_id JOIN projects p ON p.id = r.project_id
        LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
        WHERE lr.league_id = l.id AND (p.owner_id = :user_id OR m.role IS NOT NULL)
    )
)"""

LEAGUES = text(f"""
    SELECT l.id, l.slug, l.name, l.created_at,
           (SELECT count(*) FROM league_repos lr WHERE lr.league_id = l.id) AS repos
    FROM leagues l
    WHERE {_IS_SEEN} AND (CAST(:slug AS text) IS NULL OR l.slug = CAST(:slug AS text))
    ORDER BY l.slug
""")  # noqa: S608 -- our own text

# In the league's order; only those that the caller may read.
LEAGUE_REPOS = text("""
    SELECT lr.repo_id, p.slug AS project, r.name AS repo, lr.counts_from, lr.taken_in, lr.dates_trusted_until
    FROM league_repos lr JOIN repos r ON r.id = lr.repo_id JOIN projects p ON p.id = r.project_id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE lr.league_id = :league_id AND (:is_commissioner OR p.owner_id = :user_id OR m.role IS NOT NULL)
    ORDER BY lr.position
""")

RULES = text("""
    SELECT version, sha256, note, created_at, CAST(document AS text) AS document,
           (SELECT max(s.weeks) FROM seasons s WHERE s.league_id = :league_id AND s.rules_version = :version) AS weeks
    FROM rules WHERE league_id = :league_id AND version = :version
""")

# A league with its seasons, the newest first; with one row of no season if it has none.
SEASONS = text(f"""
    SELECT l.id AS league_id, l.slug, l.name AS league_name, l.created_at,
           (SELECT count(*) FROM league_repos lr WHERE lr.league_id = l.id) AS repos,
           s.id, s.number, s.name, s.state, s.starts, s.weeks, s.begun, s.rules_version, s.opened_at, s.closed_at,
           r.document ->> 'dates' = 'witnessed' AS is_official, CAST(r.document AS text) AS document
    FROM leagues l
    LEFT JOIN seasons s ON s.league_id = l.id
     AND (CAST(:number AS integer) IS NULL OR s.number = CAST(:number AS integer))
    LEFT JOIN rules r ON r.league_id = s.league_id AND r.version = s.rules_version
    WHERE {_IS_SEEN} AND l.slug = CAST(:slug AS text)
    ORDER BY s.number DESC
""")  # noqa: S608 -- our own text

_PLACES = """
    SELECT s.rank, s.is_tied, s.player_id, s.points, s.week_points, s.weeks, s.days, s.best_week, p.name, p.state,
           p.visibility, p.shown_name, p.user_id
    FROM standings s JOIN players p ON p.id = s.player_id
"""

OWN_PLACE = text(f"{_PLACES} WHERE s.season_id = :season_id AND p.user_id = :viewer")

_MAY_READ = "(:is_commissioner OR {p}.owner_id = :user_id OR {m}.role IS NOT NULL)"

# The copies in repositories that the caller may read, one look into the index of shas for each season. For a copy of
# what counts elsewhere, that one too, if it is in such a repository.
EXPLAIN = text(f"""
    SELECT g.slug AS league, g.name AS league_name, s.number, s.name AS season_name, p.slug AS project,
           r.name AS repo, l.player_id, l.sha, l.verdict, l.arrived_at, l.day, l.value,
           cardinality(l.sharers) AS shared_with,
           coalesce(d.points, 0) AS day_points, coalesce(d.changes, 0) AS day_changes,
           coalesce(d.value, 0) AS day_value, k.reason, CAST(rules.document AS text) AS document,
           coalesce(lr.counts_from, s.starts) AS counts_from, o.counted_in, o.counted_sha,
           w.name, w.state, w.visibility, w.shown_name, w.user_id
    FROM seasons s
    JOIN leagues g ON g.id = s.league_id
    JOIN rules ON rules.league_id = s.league_id AND rules.version = s.rules_version
    JOIN ledger l ON l.season_id = s.id AND l.sha BETWEEN CAST(:first AS bytea) AND CAST(:last AS bytea)
    JOIN players w ON w.id = l.player_id
    JOIN repos r ON r.id = l.repo_id
    JOIN projects p ON p.id = r.project_id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    LEFT JOIN player_days d ON d.season_id = s.id AND d.player_id = l.player_id AND d.day = l.day
    LEFT JOIN strikes k ON k.season_id = s.id AND l.verdict = 0 AND k.sha = l.sha
    LEFT JOIN league_repos lr ON lr.league_id = s.league_id AND lr.repo_id = l.repo_id
    LEFT JOIN LATERAL (
        SELECT op.slug || '/' || orr.name AS counted_in, encode(c.sha, 'hex') AS counted_sha
        FROM ledger c JOIN repos orr ON orr.id = c.repo_id JOIN projects op ON op.id = orr.project_id
        LEFT JOIN project_members om ON om.project_id = op.id AND om.user_id = :user_id
        WHERE c.season_id = s.id AND c.player_id = l.player_id AND c.change = l.change AND c.verdict >= {_COUNTS}
          AND {_MAY_READ.format(p="op", m="om")}
        LIMIT 1
    ) o ON l.verdict = {_COPY}
    WHERE (CAST(:league_id AS uuid) IS NULL OR s.league_id = :league_id) AND {_MAY_READ.format(p="p", m="m")}
    ORDER BY g.slug, s.number DESC, l.sha, p.slug, r.name LIMIT :limit
""")  # noqa: S608 -- our own text
