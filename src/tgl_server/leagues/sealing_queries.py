"""The SQL of seals: what a week holds, and the chain."""

from sqlalchemy import text

from tgl_protocol.leagues import CommitVerdict
from tgl_server.leagues.models import VERDICT_CODES

_COUNTS = VERDICT_CODES[CommitVerdict.FUTURE]
_STRUCK = VERDICT_CODES[CommitVerdict.STRUCK]

DAYS = text("""
    SELECT player_id, day, changes, value, points FROM player_days
    WHERE season_id = :season_id AND day BETWEEN :first AND :last
""")

WEEKS = text("SELECT player_id, week, points FROM player_weeks WHERE season_id = :season_id")

# Whom the commits that count were credited to: the mapping of the moment.
IDENTITIES = text(f"""
    SELECT DISTINCT identity_id, player_id FROM ledger
    WHERE season_id = :season_id AND day BETWEEN :first AND :last AND verdict >= {_COUNTS}
""")  # noqa: S608 -- our own number

LAST = text("SELECT seq, sha256 FROM seals WHERE season_id = :season_id ORDER BY seq DESC LIMIT 1")

# The projects that have a repository of the season's league.
PROJECTS = text("""
    SELECT DISTINCT g.slug, s.number, r.project_id
    FROM seasons s JOIN leagues g ON g.id = s.league_id
    JOIN league_repos m ON m.league_id = g.id JOIN repos r ON r.id = m.repo_id
    WHERE s.id = :season_id ORDER BY r.project_id
""")

ADD = text("""
    INSERT INTO seals (season_id, seq, kind, week, payload, previous, sha256, actor_id, reason, changes)
    VALUES (:season_id, :seq, :kind, :week, :payload, :previous, :sha256, :actor_id, :reason,
            CAST(:changes AS jsonb))
""")

CHAIN = text("""
    SELECT seq, kind, week, payload, previous, sha256, actor_id, reason, at, CAST(changes AS text) AS changes
    FROM seals WHERE season_id = :season_id ORDER BY seq
""")

# The seal of each week that holds: the last one of it.
HOLDING = text("""
    SELECT DISTINCT ON (week) week, payload FROM seals
    WHERE season_id = :season_id AND kind <> 'season' ORDER BY week, seq DESC
""")

NOTE_SEALED = text("UPDATE seasons SET sealed = :sealed, changed_seq = changed_seq + 1 WHERE id = :season_id")

FREEZE = text("""
    UPDATE ledger SET is_sealed = true
    WHERE season_id = :season_id AND day BETWEEN :first AND :last AND NOT is_sealed
""")

# The verdicts of sealed weeks, which stay; one of a struck change is decided again when the strike is taken back.
HELD = text(f"""
    SELECT player_id, sha, position, verdict FROM ledger
    WHERE season_id = :season_id AND is_sealed AND verdict <> {_STRUCK}
""")  # noqa: S608 -- our own number

LAST_EVENT_OF = text("""
    SELECT id, actor_id, kind FROM identity_events WHERE identities && CAST(:identities AS uuid[])
    ORDER BY id DESC LIMIT 1
""")
