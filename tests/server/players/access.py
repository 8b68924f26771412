"""Who may do what with players: commissioners decide, everybody else sees and changes themselves."""

from tests.support.access import Expected, Rows, web

_PLAYER = "/api/v1/players/{player_id}"
_CLAIM = "/api/v1/claims/{claim_id}"


def own(ok: int) -> Expected:
    """A row for what everybody with a session may do, about themselves."""
    return web(ok, ok, ok, ok, ok, ok)


def judged(ok: int) -> Expected:
    """A row for what commissioners alone may do."""
    return web(403, 403, 403, 403, 403, ok)


ROWS: Rows = {
    "GET /api/v1/players": judged(200),
    "GET /api/v1/players/me": own(200),
    "PATCH /api/v1/players/me": own(200),
    "GET /api/v1/players/suggestions": judged(200),
    "POST /api/v1/players/suggestions/dismiss": judged(422),
    "GET /api/v1/players/suggestions/dismissed": judged(200),
    "DELETE /api/v1/players/suggestions/dismissed/{dismissal_id}": judged(404),
    f"GET {_PLAYER}": judged(404),
    f"PATCH {_PLAYER}": judged(404),
    f"GET {_PLAYER}/events": judged(200),
    f"POST {_PLAYER}/merge": judged(422),
    f"POST {_PLAYER}/split": judged(422),
    f"POST {_PLAYER}/erase": judged(404),
    "GET /api/v1/identities": own(200),
    "PATCH /api/v1/identities/{identity_id}": judged(404),
    "GET /api/v1/claims": own(200),
    "POST /api/v1/claims": own(422),
    f"POST {_CLAIM}/approve": judged(422),
    f"POST {_CLAIM}/refuse": judged(422),
    f"POST {_CLAIM}/withdraw": own(404),
    "POST /api/v1/mailmap": judged(422),
}
