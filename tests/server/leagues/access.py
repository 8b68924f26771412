"""Who may do what with leagues: everybody sees those of their projects, and none that is there for no one."""

from tests.support.access import Expected, Rows, known, members, public, reads_sync, web


def _reads(ok: int) -> Expected:
    """A row for an endpoint that shows players; one key of the callers is restricted to a repository."""
    people = {"spectator": ok, "player": ok, **members(ok), "commissioner": ok}
    return known(**people, key=ok, reading_key=ok, pushing_key=403, other_key=403)


def _makes(ok: int) -> Expected:
    """A row for what commissioners alone may do."""
    return web(403, 403, 403, 403, 403, ok)


_LEAGUE = "/api/v1/leagues/{league}"
_SEASON = f"{_LEAGUE}/seasons/{{number}}"

ROWS: Rows = {
    "GET /api/v1/leagues": _reads(200),
    "GET /api/v1/leagues/{league}": _reads(404),
    "GET /api/v1/leagues/{league}/rules/{version}": _reads(404),
    "GET /api/v1/leagues/{league}/seasons": _reads(404),
    "GET /api/v1/leagues/{league}/seasons/{number}/table": _reads(404),
    "GET /api/v1/leagues/{league}/seasons/{number}/weeks/{week}": _reads(404),
    f"GET {_SEASON}/awards": _reads(404),
    f"GET {_SEASON}/records": _reads(404),
    f"GET {_SEASON}/fixtures": _reads(404),
    "GET /api/v1/leagues/{league}/players/{player}": _reads(404),
    "GET /api/v1/leagues/{league}/players/{player}/days": _reads(404),
    "GET /api/v1/leagues/{league}/players/{player}/days/{day}": _reads(404),
    "GET /api/v1/leagues/{league}/explain/{sha}": _reads(404),
    f"GET {_SEASON}/weeks/{{week}}/digest": _reads(404),
    f"GET {_LEAGUE}/feed.atom": _reads(404),
    # Of players who show it to everybody, or there is none.
    f"GET {_LEAGUE}/table.svg": public(404),
    f"GET {_LEAGUE}/repos": _reads(404),
    f"GET {_SEASON}": _reads(404),
    "POST /api/v1/leagues": _makes(422),
    f"PATCH {_LEAGUE}": _makes(404),
    f"PUT {_LEAGUE}/repos": _makes(422),
    f"POST {_LEAGUE}/rules": _makes(422),
    f"POST {_LEAGUE}/rules/preview": _makes(422),
    f"POST {_LEAGUE}/seasons": _makes(422),
    f"POST {_SEASON}/open": _makes(404),
    f"POST {_SEASON}/close": _makes(404),
    f"GET {_SEASON}/seals": _reads(404),
    f"GET {_SEASON}/seals/{{seq}}": _makes(404),
    f"POST {_SEASON}/amend": _makes(422),
    f"GET {_SEASON}/strikes": _makes(404),
    f"POST {_SEASON}/strikes": _makes(422),
    f"DELETE {_SEASON}/strikes/{{sha}}": _makes(404),
    "GET /api/v1/leagues/{league}/me": _reads(404),
    "GET /api/v1/projects/{project}/repos/{repo}/leagues/me": reads_sync(),
    "PATCH /api/v1/leagues/{league}/me": known(
        spectator=422,
        player=422,
        **members(422),
        commissioner=422,
        key=403,
        reading_key=403,
        pushing_key=403,
        other_key=403,
    ),
    # The player shows it to everybody, or there is none.
    "GET /api/v1/leagues/{league}/players/{player}/badge.svg": public(404),
}
