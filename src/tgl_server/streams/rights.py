"""The rights of a stream that has begun: it goes on as long as its request would be admitted again."""

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tgl_server.access.guards import find_project
from tgl_server.access.ids import ProjectId
from tgl_server.auth.principal import Scope
from tgl_server.errors import ApiError
from tgl_server.http.client_address import Origin
from tgl_server.services import Services

log = structlog.get_logger()


async def may_hear(services: Services, token: str, origin: Origin, project_id: ProjectId) -> bool:
    """True as long as the credentials are good and their owner sees the project; False where nobody can tell."""
    try:
        principal = await services.authentication.principal(token, origin)
        if not principal.is_active or Scope.READ_REPOS not in principal.scopes:
            return False
        return await find_project(services.database, principal, str(project_id)) is not None
    except ApiError:
        return False
    except (SQLAlchemyError, OSError) as error:
        log.warning("stream_not_checked", reason=type(error).__name__)
        return False
