"""The key of a title in the ledger is the first 64 bits of its SHA-256, which PostgreSQL can compute as well.

Seasons that are closed keep theirs: they are compared among themselves alone.
"""

from hashlib import blake2b
from re import compile as pattern

from alembic import op
from sqlalchemy import text

revision = "0065"
down_revision = "0063"
branch_labels = None
depends_on = None

_PULL_REQUEST = pattern(r" \(#[0-9]+\)$")


def upgrade() -> None:
    op.execute(
        r"""
        UPDATE ledger l SET title_key = CAST(CAST('x' || encode(substr(sha256(convert_to(
            regexp_replace(c.message_title, ' \(#[0-9]+\)$', ''), 'UTF8'
        )), 1, 8), 'hex') AS bit(64)) AS bigint)
        FROM commits c WHERE c.repo_id = l.repo_id AND c.sha = l.sha
          AND l.season_id IN (SELECT id FROM seasons WHERE state IN ('open', 'closing'))
        """
    )


def downgrade() -> None:
    connection = op.get_bind()
    titles = connection.execute(
        text("""
            SELECT DISTINCT c.message_title FROM ledger l JOIN commits c ON c.repo_id = l.repo_id AND c.sha = l.sha
            WHERE l.season_id IN (SELECT id FROM seasons WHERE state IN ('open', 'closing'))
        """)
    ).scalars()
    keys = [{"title": title, "key": _key(title)} for title in titles]
    if keys:
        update = text("""
            UPDATE ledger l SET title_key = :key FROM commits c
            WHERE c.repo_id = l.repo_id AND c.sha = l.sha AND c.message_title = :title
              AND l.season_id IN (SELECT id FROM seasons WHERE state IN ('open', 'closing'))
        """)
        connection.execute(update, keys)


def _key(title: str) -> int:
    bare = _PULL_REQUEST.sub("", title).encode()
    return int.from_bytes(blake2b(bare, digest_size=8).digest(), "big", signed=True)
