"""The SQL of a scrape, and of the checks of a running server."""

from sqlalchemy import text

from tgl_server.pull.operating_queries import WORKERS

# One pass over all repositories; `stale` by the rule of `tgl_server.projects.freshness.is_stale`.
REPOS = text("""
    SELECT count(*) FILTER (WHERE sync_status = 'pending') AS pending,
           count(*) FILTER (WHERE sync_status = 'syncing') AS syncing,
           count(*) FILTER (WHERE sync_status = 'healthy') AS healthy,
           count(*) FILTER (WHERE sync_status = 'error') AS error,
           count(*) FILTER (WHERE coalesce(last_success_at, '-infinity')
                                  < now() - coalesce(expected_cadence, learned_cadence)) AS stale,
           CAST(coalesce(sum(total_commits), 0) AS bigint) AS commits
    FROM repo_states s JOIN repos r ON r.id = s.repo_id
""")

# From PostgreSQL's own state; the sizes are those of files, and the rows of tables as autovacuum estimates them, so
# nothing is read or counted.
DATABASE = text("""
    SELECT current_setting('server_version') AS version,
           pg_database_size(current_database()) AS bytes,
           CAST(current_setting('max_connections') AS int)
               - CAST(current_setting('superuser_reserved_connections') AS int) AS most_connections,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
           current_setting('transaction_read_only') = 'on' AS is_read_only,
           current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AS is_durable,
           pg_postmaster_start_time() AS started_at, clock_timestamp() AS now,
           (SELECT coalesce(jsonb_agg(large), '[]') FROM (
               SELECT c.relname AS name, pg_total_relation_size(c.oid) AS bytes,
                      CAST(greatest(c.reltuples, 0) AS bigint) AS rows
               FROM pg_class c
               WHERE c.relkind = 'r' AND c.relnamespace = CAST(current_schema() AS regnamespace)
               ORDER BY bytes DESC, name LIMIT :tables
           ) large) AS tables
""")

# The addresses are those of the last rows of the audit log, and of the last uses of API keys.
USE = text(f"""
    SELECT ARRAY(SELECT host(ip) FROM (
               SELECT ip FROM (SELECT ip, at FROM audit_logs ORDER BY at DESC, id DESC LIMIT 500) newest
               WHERE at > now() - interval '1 day'
               UNION SELECT last_used_ip FROM api_keys WHERE last_used_at > now() - interval '1 day'
           ) seen WHERE ip IS NOT NULL ORDER BY ip LIMIT 100) AS clients,
           (SELECT coalesce(jsonb_agg(seen), '[]') FROM ({WORKERS}) seen) AS workers
""")  # noqa: S608 -- our own text
