"""The players feature as the application sees it: routes, audit actions, examples."""

from tgl_server.errors import Conflict, NotFound
from tgl_server.http.feature import Feature
from tgl_server.players.actions import PlayerAction
from tgl_server.players.claim_routes import claims_router
from tgl_server.players.examples import EXAMPLES
from tgl_server.players.routes import players_router

players = Feature(
    routers=(players_router, claims_router),
    tags={"players": "Players: whose the addresses of commits are, and under which name they are seen"},
    constraints={
        "uq_claims_waiting": Conflict("You have claimed this already; the claim is waiting."),
        "fk_players_user_id": NotFound("The account was deleted meanwhile."),
    },
    actions=PlayerAction,
    examples=EXAMPLES,
)
