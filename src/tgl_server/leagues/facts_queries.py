"""The SQL that reads messages with co-authors."""

from sqlalchemy import text

# Bodies are long and few have trailers.
BODIES = text("""
    SELECT sha, message_body FROM commits
    WHERE repo_id = :repo_id AND sha = ANY(CAST(:shas AS bytea[])) AND message_body ILIKE '%co-authored-by:%'
""")
