"""The leagues feature as the application sees it: routes, constraints, audit actions, examples."""

from tgl_server.errors import Conflict, NotFound
from tgl_server.http.feature import Feature
from tgl_server.leagues.actions import LeagueAction
from tgl_server.leagues.examples import EXAMPLES
from tgl_server.leagues.routes import leagues_router, repo_leagues_router

leagues = Feature(
    routers=(leagues_router, repo_leagues_router),
    tags={"leagues": "Leagues: their rules, seasons and tables, and what a season says of a commit"},
    constraints={
        "uq_leagues_slug": Conflict("There is a league with this slug already."),
        "fk_league_repos_repo_id": NotFound("A repository was deleted meanwhile."),
    },
    actions=LeagueAction,
    examples=EXAMPLES,
)
