"""The SQL of the page of a repository's pulls."""

from sqlalchemy import text

from tgl_server.pull.operating_queries import PLACE_IN_QUEUE

# The queue with this repository's place in it, who paused it, and which credentials it has: everything of the page
# that the repository's own row does not say.
BESIDE = text(f"""
    SELECT q.*, now() AS now, p.failure_code, u.display_name AS paused_by,
           c.kind, c.username, c.set_at, c.last_used_at, c.last_refused_at,
           (SELECT count(*) FROM repo_host_keys k WHERE k.repo_id = r.id AND k.origin = c.origin) AS host_keys
    FROM repos r
    CROSS JOIN LATERAL ({PLACE_IN_QUEUE}) q
    LEFT JOIN repo_pulls p ON p.repo_id = r.id
    LEFT JOIN users u ON u.id = p.paused_by
    LEFT JOIN repo_credentials c ON c.repo_id = r.id
    WHERE r.id = CAST(:repo_id AS uuid)
""")  # noqa: S608 -- our own text
