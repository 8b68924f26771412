"""The SQL that reads one player of a season: place, days and the verdicts behind a day; none of it reads commits."""

from sqlalchemy import text

from tgl_protocol.leagues import CommitVerdict
from tgl_server.leagues.models import VERDICT_CODES

_COUNTS = VERDICT_CODES[CommitVerdict.FUTURE]

# A player of the league's seasons, with their place in one of them. Of those who have hidden nothing is said to others,
# nor of anybody who has no commit in a season of this league, but to themselves.
PLAYER = text(f"""
    SELECT p.id AS player_id, p.name, p.state, p.visibility, p.shown_name, p.user_id, r.rank, r.is_tied, r.points,
           r.week_points, r.weeks, r.days, r.best_week, t.commits, t.changes, t.additions, t.deletions,
           t.repos, coalesce(p.user_id = :viewer, false) AS is_me,
           EXISTS (SELECT FROM league_badges b WHERE b.league_id = :league_id AND b.player_id = p.id) AS has_badge
    FROM players p
    LEFT JOIN standings r ON r.season_id = :season_id AND r.player_id = p.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS commits, count(*) FILTER (WHERE l.verdict >= {_COUNTS}) AS changes,
               coalesce(sum(l.additions) FILTER (WHERE l.verdict >= {_COUNTS}), 0) AS additions,
               coalesce(sum(l.deletions) FILTER (WHERE l.verdict >= {_COUNTS}), 0) AS deletions,
               count(DISTINCT l.repo_id) FILTER (WHERE l.verdict >= {_COUNTS}) AS repos
        FROM ledger l WHERE l.season_id = :season_id AND l.player_id = p.id
    ) t
    WHERE p.id = :player_id AND (
        p.user_id = :viewer
        OR p.visibility <> 'hidden' AND (:shows_provisional OR p.state <> 'provisional') AND EXISTS (
            SELECT FROM seasons s JOIN ledger l ON l.season_id = s.id AND l.player_id = p.id
            WHERE s.league_id = :league_id
        )
    )
""")  # noqa: S608 -- our own text


DAYS = text("""
    SELECT day, changes, value, points FROM player_days
    WHERE season_id = :season_id AND player_id = :player_id
      AND (CAST(:first AS integer) IS NULL OR day BETWEEN CAST(:first AS integer) AND CAST(:last AS integer))
    ORDER BY day DESC
""")

# The verdicts of a day, those that count first; of repositories that the caller may not read no more than how many.
COMMITS = text("""
    SELECT l.sha, l.repo_id, l.verdict, l.additions, l.deletions, l.value, l.arrived_at, p.slug AS project,
           r.name AS repo, (:is_commissioner OR p.owner_id = :user_id OR m.role IS NOT NULL) AS is_readable
    FROM ledger l
    LEFT JOIN repos r ON r.id = l.repo_id
    LEFT JOIN projects p ON p.id = r.project_id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = :user_id
    WHERE l.season_id = :season_id AND l.player_id = :player_id AND l.day = :day
    ORDER BY l.verdict DESC, l.authored_at, l.sha, p.slug, r.name
""")
