"""The SQL that erases a person."""

from sqlalchemy import text

LOCK_PLAYER = text("SELECT * FROM players WHERE id = :player_id FOR UPDATE")

IDENTITIES = text("SELECT id, email, name FROM identities WHERE player_id = :player_id ORDER BY id FOR UPDATE")

REPOS = text("SELECT repo_id FROM repo_states ORDER BY repo_id")

_IS_MEANT = "(:name = '' OR {column} = :name)"

REPLACE_AUTHOR = text(f"""
    UPDATE commits SET author_email = :tomb, author_name = :former
    WHERE repo_id = :repo_id AND author_email = :email AND {_IS_MEANT.format(column="author_name")}
""")  # noqa: S608 -- our own condition

REPLACE_COMMITTER = text(f"""
    UPDATE commits SET committer_email = :tomb, committer_name = :former
    WHERE repo_id = :repo_id AND committer_email = :email AND {_IS_MEANT.format(column="committer_name")}
""")  # noqa: S608 -- our own condition

# Trailers such as `Co-authored-by: Ada <ada@example.com>`.
REPLACE_IN_TEXT = text("""
    UPDATE commits SET message_title = regexp_replace(message_title, :pattern, ' ' || :former, 'gi'),
           message_body = regexp_replace(message_body, :pattern, ' ' || :former, 'gi')
    WHERE repo_id = :repo_id
      AND (position(:email IN lower(message_title)) > 0 OR position(:email IN lower(message_body)) > 0)
      AND CAST(:name AS text) = ''
""")

# Its examples may show a name and an address, which were read from a mirror.
FORGET_COMPARISON = text("DELETE FROM repo_comparisons WHERE repo_id = :repo_id AND finished_at IS NOT NULL")

# One that is under way has read what was before: its result is not taken, and it is made again.
COMPARE_ANEW = text("UPDATE repo_comparisons SET lease_token = NULL, lease_until = NULL WHERE repo_id = :repo_id")

BURY_IDENTITIES = text("""
    UPDATE identities SET email = 'erased-' || CAST(id AS text) || '@erased.invalid', name = ''
    WHERE player_id = :player_id
""")

FORGET_EVIDENCE = text("""
    UPDATE claims SET evidence = '', reason = NULL
    WHERE identity_id IN (SELECT id FROM identities WHERE player_id = :player_id)
""")

FORGET_DISMISSALS = text("UPDATE dismissed_suggestions SET reason = '' WHERE :player_id = ANY(players)")

BURY_PLAYER = text("""
    UPDATE players SET state = 'erased', name = :name, shown_name = NULL, user_id = NULL, visibility = 'hidden',
           is_named = false
    WHERE id = :player_id
""")
