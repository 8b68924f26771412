"""The SQL of sending: from events to messages, and from a due message to its outcome.

`:now` is null but in tests, which let days pass.
"""

from sqlalchemy import text

from tgl_server.events.sight import is_in_project

_NOW = "coalesce(CAST(:now AS timestamptz), now())"

# The events between two numbers, once for each endpoint that wants them.
WANTED = text(f"""
    SELECT e.id AS message_id, e.type, e.at, e.data, e.repo_id, o.id AS endpoint_id, j.id AS project_id,
           j.slug AS project, r.name AS repo
    FROM events e
    JOIN endpoints o ON o.is_active AND o.active_since <= e.at AND (o.types IS NULL OR e.type = ANY(o.types))
     AND {is_in_project("o.project_id")}
    JOIN projects j ON j.id = o.project_id
    LEFT JOIN repos r ON r.id = e.repo_id
    WHERE e.seq BETWEEN :first AND :last
    ORDER BY e.seq, o.id
""")  # noqa: S608 -- our own condition

ADD_MESSAGE = text("""
    INSERT INTO endpoint_deliveries (id, endpoint_id, message_id, type, repo_id, body)
    SELECT CAST(:id AS uuid), o.id, CAST(:message_id AS uuid), CAST(:type AS text), CAST(:repo_id AS uuid),
           CAST(:body AS text)
    FROM endpoints o WHERE o.id = CAST(:endpoint_id AS uuid)
""")

# The first of each repository's messages to an endpoint, and of those about none, if nobody is sending it. An endpoint
# has a few at a time, so that a slow receiver does not take every turn. A row that another process locks is skipped,
# and what it claimed meanwhile is seen again when the row is locked: the condition is checked anew on its new version.
CLAIM = text(f"""
    WITH first AS MATERIALIZED (
        SELECT DISTINCT ON (endpoint_id, repo_id) id, n, endpoint_id, next_attempt_at,
               coalesce(lease_until >= {_NOW}, false) AS is_leased
        FROM endpoint_deliveries WHERE state = 'pending'
        ORDER BY endpoint_id, repo_id, n
    ), firsts AS MATERIALIZED (
        SELECT f.id, f.next_attempt_at,
               row_number() OVER (PARTITION BY f.endpoint_id ORDER BY f.next_attempt_at, f.n) AS place,
               (SELECT count(*) FROM first l WHERE l.endpoint_id = f.endpoint_id AND l.is_leased) AS leased
        FROM first f JOIN endpoints o ON o.id = f.endpoint_id
        WHERE f.next_attempt_at <= {_NOW} AND NOT f.is_leased
          AND o.is_active AND (o.not_before IS NULL OR o.not_before <= {_NOW})
    ), held AS MATERIALIZED (
        SELECT d.id FROM endpoint_deliveries d JOIN firsts f ON f.id = d.id
        WHERE f.place + f.leased <= :each AND d.state = 'pending' AND (d.lease_until IS NULL OR d.lease_until < {_NOW})
          AND d.next_attempt_at <= {_NOW}
        ORDER BY f.next_attempt_at, d.n LIMIT :limit FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE endpoint_deliveries d SET
        lease_token = CAST(:token AS uuid), lease_until = {_NOW} + CAST(:lease AS interval), attempts = attempts + 1,
        last_attempt_at = {_NOW}
    FROM held h, endpoints o
    WHERE d.id = h.id AND o.id = d.endpoint_id
    RETURNING d.id, d.endpoint_id, d.message_id, d.body, d.attempts, d.created_at, o.url, o.sealed,
              CASE WHEN o.old_until > {_NOW} THEN o.old_sealed END AS old_sealed, {_NOW} AS now
""")  # noqa: S608 -- our own expression

# No row: the lease ended, and somebody else sends it.
RECORD = text("""
    UPDATE endpoint_deliveries SET
        state = :state, next_attempt_at = coalesce(CAST(:again_at AS timestamptz), next_attempt_at),
        lease_token = NULL, lease_until = NULL, last_status = :status, last_error = :error, last_answer = :answer
    WHERE id = :id AND lease_token = CAST(:token AS uuid)
    RETURNING id
""")

LET_GO = text("""
    UPDATE endpoint_deliveries SET lease_token = NULL, lease_until = NULL
    WHERE lease_token = CAST(:token AS uuid) AND state = 'pending'
""")

KEEP_QUIET = text("UPDATE endpoints SET not_before = CAST(:until AS timestamptz) WHERE id = :endpoint_id")

SWITCH_OFF = text("UPDATE endpoints SET is_active = false, switched_off_reason = :reason WHERE id = :endpoint_id")

GIVE_UP_ALL = text("""
    UPDATE endpoint_deliveries SET state = 'failed', last_error = coalesce(last_error, :reason)
    WHERE endpoint_id = :endpoint_id AND state = 'pending'
""")

FORGET = text("""
    DELETE FROM endpoint_deliveries WHERE id IN (
        SELECT id FROM endpoint_deliveries
        WHERE state <> 'pending' AND created_at < now() - CAST(:kept AS interval) LIMIT :limit
    )
""")

WIPE_OLD_SECRETS = text("UPDATE endpoints SET old_sealed = NULL, old_until = NULL WHERE old_until <= now()")

BACKLOG = text("""
    SELECT (SELECT count(*) FROM endpoint_deliveries WHERE state = 'pending') AS pending,
           (SELECT count(*) FROM endpoint_deliveries WHERE state = 'failed') AS failed,
           CAST(coalesce(extract(epoch FROM now() - min(created_at)), 0) AS float8) AS oldest_seconds
    FROM endpoint_deliveries WHERE state = 'pending'
""")
