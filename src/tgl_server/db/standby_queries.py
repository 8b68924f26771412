"""The SQL that compares a standby with its primary."""

from sqlalchemy import text

# How far the primary's log goes, as a number; and which cluster this is, and its standbys with it.
PRIMARY = text("""
    SELECT CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS bigint) AS position,
           (SELECT system_identifier FROM pg_control_system()) AS cluster, current_database() AS name
""")

# The same of the standby. `position` is as far as the log is replayed here, null for what is no physical standby.
STANDBY = text("""
    SELECT current_setting('transaction_read_only') = 'on' AS is_read_only,
           CAST(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') AS bigint) AS position,
           (SELECT system_identifier FROM pg_control_system()) AS cluster, current_database() AS name
""")

# The version of our tables.
VERSION = text("SELECT version_num FROM alembic_version")
