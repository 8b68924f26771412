"""Dependencies that handlers ask for by name: what guards have left in the request's context."""

from typing import Any

from litestar import Request
from litestar.di import Provide

from tgl_server.access.guards import ProjectAccess, RepoAccess
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.http.client_address import origin_of
from tgl_server.http.request_context import context_of

AnyRequest = Request[Any, Any, Any]


async def provide_principal(request: AnyRequest) -> Principal:
    """The caller that the guard admitted."""
    return context_of(request.scope).get(Principal)


async def provide_actor(request: AnyRequest) -> Actor:
    """The caller as the audit log names them."""
    principal = await provide_principal(request)
    return Actor(principal.user_id, principal.key_id, origin_of(request))


async def provide_project(request: AnyRequest) -> ProjectAccess:
    """The project that the guard admitted the caller to."""
    return context_of(request.scope).get(ProjectAccess)


async def provide_target(request: AnyRequest) -> RepoAccess:
    """The repository that the guard admitted the caller to."""
    return context_of(request.scope).get(RepoAccess)


REQUEST_DEPENDENCIES = {
    "principal": Provide(provide_principal),
    "actor": Provide(provide_actor),
    "target_project": Provide(provide_project),
    "target": Provide(provide_target),
}
