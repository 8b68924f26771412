"""Who may do what with leagues: everybody sees those of their projects, and none that is there for no one."""

from tests.support.access import Expected, Rows, known, members


def _reads(ok: int) -> Expected:
    """A row for an endpoint that shows players; one key of the callers is restricted to a repository."""
    people = {"spectator": ok, "player": ok, **members(ok), "commissioner": ok}
    return known(**people, key=ok, reading_key=ok, pushing_key=403, other_key=403)


ROWS: Rows = {
    "GET /api/v1/leagues": _reads(200),
    "GET /api/v1/leagues/{league}": _reads(404),
    "GET /api/v1/leagues/{league}/rules/{version}": _reads(404),
    "GET /api/v1/leagues/{league}/seasons": _reads(404),
    "GET /api/v1/leagues/{league}/seasons/{number}/table": _reads(404),
    "GET /api/v1/leagues/{league}/explain/{sha}": _reads(404),
}
