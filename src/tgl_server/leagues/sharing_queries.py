"""The SQL of the parts of co-authors."""

from sqlalchemy import text

from tgl_server.leagues.queries import COUNTS, GIVEN_CHANGES

_OF_CHANGES = f"({GIVEN_CHANGES}) t JOIN ledger l ON l.player_id = t.player_id AND l.change = t.change"
_OF_PLAYERS = "(SELECT * FROM ledger l WHERE l.player_id = ANY(CAST(:player_ids AS uuid[]))) l"


def _delete(rows: str) -> str:
    return f"""
        DELETE FROM ledger_shares s USING {rows}
        WHERE l.season_id = :season_id
          AND s.season_id = :season_id AND s.author_id = l.player_id AND s.sha = l.sha AND s.repo_id = l.repo_id
        RETURNING s.player_id, s.day
    """  # noqa: S608 -- our own text


# Each co-author has the same part, and the author the rest.
def _insert(rows: str) -> str:
    return f"""
        INSERT INTO ledger_shares (season_id, player_id, sha, repo_id, author_id, day, value)
        SELECT l.season_id, u.sharer, l.sha, l.repo_id, l.player_id, l.day, l.value / (cardinality(l.sharers) + 1)
        FROM {rows}
        CROSS JOIN LATERAL unnest(l.sharers) AS u (sharer)
        WHERE l.season_id = :season_id AND l.sharers <> '{{}}' AND l.verdict >= {COUNTS}
          AND l.value > cardinality(l.sharers)
        ORDER BY u.sharer, l.sha, l.repo_id
        RETURNING player_id, day
    """  # noqa: S608 -- our own text


DELETE, INSERT = text(_delete(_OF_CHANGES)), text(_insert(_OF_CHANGES))
DELETE_ALL, INSERT_ALL = text(_delete(_OF_PLAYERS)), text(_insert(_OF_PLAYERS))


NOTE_NAMED = text("""
    INSERT INTO ledger_named (season_id, identity_id, repo_id, sha)
    SELECT l.season_id, g.identity_id, g.repo_id, g.sha
    FROM unnest(CAST(:identity_id AS uuid[]), CAST(:repo_id AS uuid[]), CAST(:sha AS bytea[]))
         AS g (identity_id, repo_id, sha)
    JOIN ledger l ON l.season_id = :season_id AND l.sha = g.sha AND l.repo_id = g.repo_id
    ORDER BY g.identity_id, g.repo_id, g.sha
    ON CONFLICT DO NOTHING
""")

DELETE_NAMED = text("""
    DELETE FROM ledger_named WHERE season_id = :season_id AND repo_id = ANY(CAST(:repo_ids AS uuid[]))
""")

COMMITS_NAMING = text("""
    SELECT DISTINCT repo_id, sha FROM ledger_named
    WHERE season_id = :season_id AND identity_id = ANY(CAST(:identity_ids AS uuid[]))
""")

DELETE_ROWS = text("""
    DELETE FROM ledger l USING unnest(CAST(:repo_id AS uuid[]), CAST(:sha AS bytea[])) AS g (repo_id, sha)
    WHERE l.season_id = :season_id AND l.sha = g.sha AND l.repo_id = g.repo_id
    RETURNING l.player_id
""")

# Parts of commits that have no row any more, or that has moved to another player.
DELETE_LOOSE = text("""
    DELETE FROM ledger_shares s WHERE s.season_id = :season_id AND NOT EXISTS (
        SELECT FROM ledger l
        WHERE l.season_id = s.season_id AND l.player_id = s.author_id AND l.sha = s.sha AND l.repo_id = s.repo_id
    )
    RETURNING s.player_id
""")
