"""The page of the server itself: what runs, whether all is well, and what to do if not."""

import platform
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from tgl_protocol.http import PROTOCOL_VERSION
from tgl_server.access.callers import commissioner
from tgl_server.db.reachable import place_of
from tgl_server.followers.follower import Followers
from tgl_server.services import services_of
from tgl_server.settings import Source, shown_settings
from tgl_server.system.checks import Level, checks_of
from tgl_server.system.state import SystemState, process_state, read_system
from tgl_server.web.rendering import page


@get("/administration/system", guards=[commissioner])
async def show_system(request: Request[Any, Any, Any], followers: NamedDependency[Followers]) -> Response[str]:
    """This moment, as one of the workers sees it."""
    services = services_of(request)
    process = await process_state(services)
    state = await read_system(services.database, services.settings, services.hosting, followers, process)
    checks, settings = checks_of(state), shown_settings(services.settings)
    return page(
        request,
        "system.html",
        state=state,
        database=state.database,
        process=process,
        pulls=state.database.pulls,
        pull_workers=state.use.workers if state.use else (),
        checks=checks,
        problems=sum(check.level is not Level.OK for check in checks),
        chosen=[each for each in settings if each.source is not Source.DEFAULT],
        defaults=[each for each in settings if each.source is Source.DEFAULT],
        place=_place(state),
        protocol=PROTOCOL_VERSION,
        python=platform.python_version(),
    )


def _place(state: SystemState) -> str:
    folder = state.hosting.data_dir
    return place_of(state.settings.database_url) if folder is None else f"embedded, in {folder}"


ROUTES = (show_system,)
