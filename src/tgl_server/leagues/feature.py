"""The leagues feature as the application sees it."""

from tgl_server.errors import Conflict, NotFound
from tgl_server.http.feature import Feature
from tgl_server.leagues.actions import LeagueAction

leagues = Feature(
    constraints={
        "uq_leagues_slug": Conflict("There is a league with this slug already."),
        "fk_league_repos_repo_id": NotFound("A repository was deleted meanwhile."),
    },
    actions=LeagueAction,
)
