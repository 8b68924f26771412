"""The console as the application sees it: pages beside the API, outside its document."""

from typing import Any

from litestar import Request, Router
from litestar.di import Provide

from tgl_server.http.declarations import is_page
from tgl_server.http.feature import Feature
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.web.account import addresses, notifications
from tgl_server.web.account import routes as account
from tgl_server.web.administration import claims, joined, log, people, system
from tgl_server.web.assets import serve_asset
from tgl_server.web.commissioning import leagues as making_leagues
from tgl_server.web.commissioning import rules as making_rules
from tgl_server.web.commissioning import seasons as running_seasons
from tgl_server.web.commissioning.view import provide_desk
from tgl_server.web.credentials import routes as credentials
from tgl_server.web.cross_site import same_site
from tgl_server.web.device import routes as device
from tgl_server.web.endpoints import routes as endpoints
from tgl_server.web.keys import routes as keys
from tgl_server.web.leagues import honours as league_honours
from tgl_server.web.leagues import people as league_people
from tgl_server.web.leagues import routes as leagues
from tgl_server.web.leagues import rules as league_rules
from tgl_server.web.live import routes as live
from tgl_server.web.overview import routes as overview
from tgl_server.web.projects import chats, pushing_keys
from tgl_server.web.projects import members as project_members
from tgl_server.web.projects import routes as projects
from tgl_server.web.projects import settings as project_settings
from tgl_server.web.projects.header import provide_project_view
from tgl_server.web.pulls import routes as pulls
from tgl_server.web.repos import activity, comparing, contributors, moving
from tgl_server.web.repos import changing as changing_repos
from tgl_server.web.repos import routes as repos
from tgl_server.web.repos.header import provide_repo_view
from tgl_server.web.session import SignInNeeded, StillWaiting, signed_in
from tgl_server.web.signing_in import forgotten, links
from tgl_server.web.signing_in import routes as signing_in
from tgl_server.web.unsubscribing import routes as unsubscribing
from tgl_server.web.webhooks import routes as webhooks


def _pages(*routes: Any, guards: Any = ()) -> Router:
    return Router(
        "/",
        route_handlers=list(routes),
        guards=[same_site, *guards],
        request_class=Request,
        dependencies={
            "project_view": Provide(provide_project_view),
            "repo_view": Provide(provide_repo_view),
            "desk": Provide(provide_desk, sync_to_thread=False),
        },
        exception_handlers={SignInNeeded: signing_in.ask_to_sign_in, StillWaiting: signing_in.send_to_wait},
        include_in_schema=False,
        opt=limited_as(RateGroup.PAGES) | is_page(),
    )


_SIGNED_IN = (
    *overview.ROUTES,
    *projects.ROUTES,
    *project_members.ROUTES,
    *pushing_keys.ROUTES,
    *project_settings.ROUTES,
    *chats.ROUTES,
    *endpoints.ROUTES,
    *repos.ROUTES,
    *contributors.ROUTES,
    *activity.ROUTES,
    *changing_repos.ROUTES,
    *moving.ROUTES,
    *comparing.ROUTES,
    *leagues.ROUTES,
    *league_people.ROUTES,
    *league_rules.ROUTES,
    *league_honours.ROUTES,
    *pulls.ROUTES,
    *credentials.ROUTES,
    *webhooks.ROUTES,
    *account.ROUTES,
    *notifications.ROUTES,
    *addresses.ROUTES,
    *keys.ROUTES,
    *device.ROUTES,
    *people.ROUTES,
    *claims.ROUTES,
    *making_leagues.ROUTES,
    *making_rules.ROUTES,
    *running_seasons.ROUTES,
    *joined.ROUTES,
    *log.ROUTES,
    *system.ROUTES,
    *live.ROUTES,
)

web = Feature(
    at_root=(
        Router("/", route_handlers=[serve_asset], include_in_schema=False, opt=is_page()),
        Router(
            "/",
            route_handlers=list(unsubscribing.ROUTES),
            request_class=Request,
            dependencies=unsubscribing.DEPENDENCIES,
            include_in_schema=False,
            opt=is_page(),
        ),
        _pages(*signing_in.ROUTES, *links.ROUTES, *forgotten.ROUTES),
        _pages(*_SIGNED_IN, guards=[signed_in]),
    ),
)
