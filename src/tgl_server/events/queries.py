"""The SQL of the outbox."""

from sqlalchemy import text

# Whoever knows a repository need not know its project. What there may be one of is there already, or is added.
RECORD = text("""
    INSERT INTO events (id, type, project_id, repo_id, user_id, data, once)
    SELECT CAST(:id AS uuid), CAST(:type AS text),
           coalesce(CAST(:project_id AS uuid), (SELECT r.project_id FROM repos r WHERE r.id = CAST(:repo_id AS uuid))),
           CAST(:repo_id AS uuid), CAST(:user_id AS uuid), CAST(:data AS jsonb), CAST(:once AS text)
    ON CONFLICT (once) DO NOTHING
""")

HAS_UNNUMBERED = text("SELECT EXISTS (SELECT FROM events WHERE seq IS NULL)")

# A statement after the one that locks, so that it sees every event whose number another relay has given.
NUMBER = text("""
    WITH next AS (
        SELECT id, row_number() OVER (ORDER BY recorded) AS n
        FROM (SELECT id, recorded FROM events WHERE seq IS NULL ORDER BY recorded LIMIT :limit) waiting
    ), numbered AS (
        UPDATE events e SET seq = CAST(:last AS bigint) + next.n FROM next WHERE e.id = next.id
        RETURNING e.seq
    )
    UPDATE event_marks SET seq = (SELECT max(seq) FROM numbered)
    WHERE reader = 'relay' AND EXISTS (SELECT FROM numbered)
    RETURNING seq - CAST(:last AS bigint)
""")

# Two that add it at once wait for each other, once.
ADD_MARK = text("""
    INSERT INTO event_marks (reader, seq) VALUES (CAST(:reader AS text), :seq) ON CONFLICT (reader) DO NOTHING
""")

# A mark that another process holds is skipped: that process does the work.
TAKE_MARK = text("SELECT seq FROM event_marks WHERE reader = :reader FOR UPDATE SKIP LOCKED")

HAS_MARK = text("SELECT EXISTS (SELECT FROM event_marks WHERE reader = :reader)")


MOVE_MARK = text("UPDATE event_marks SET seq = :seq WHERE reader = :reader")

AFTER = text("""
    SELECT seq, id, at, type, project_id, repo_id, user_id, data FROM events
    WHERE seq > :after ORDER BY seq LIMIT :limit
""")

LAST = text("SELECT seq FROM event_marks WHERE reader = 'relay'")

FORGET = text("""
    DELETE FROM events WHERE id IN (
        SELECT id FROM events WHERE seq IS NOT NULL AND at < now() - CAST(:kept AS interval) ORDER BY seq LIMIT :limit
    )
""")
