"""Refusals of known callers, written into the audit log by an `after_exception` hook of the application.

A route that changes something names its action with `opt=audited_as(...)`; every refusal there is written with that
action. Elsewhere only a lack of rights is written: 403, and 404 for a key that is restricted to some repositories,
since it gets that answer for all others. A key that is itself refused (revoked, another network) has no principal yet,
and `auth.keys.authenticate` writes it.
"""

from typing import Any

import structlog
from litestar.connection import ASGIConnection
from litestar.exceptions import ValidationException
from litestar.types import Scope
from msgspec import Struct
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from tgl_protocol.visible import visible
from tgl_server import errors
from tgl_server.access.actions import AccessAction
from tgl_server.audit.actions import AuditAction, AuditOutcome
from tgl_server.audit.service import AuditEntry, record
from tgl_server.auth.actions import AuthAction
from tgl_server.auth.principal import Principal
from tgl_server.http.client_address import origin_of
from tgl_server.http.declarations import Options, declared, option
from tgl_server.http.request_context import context_of
from tgl_server.logs.masking import mask_client_text
from tgl_server.services import services_of

_MAX_TEXT = 200

log = structlog.get_logger()


class Resource(Struct, frozen=True):
    """The object of a request; the guard that finds it leaves it for the audit log, in case of a refusal."""

    type: str
    id: str


class Audited(Struct, frozen=True):
    """A route's declaration of the action that entries about its refusals carry."""

    action: AuditAction


def audited_as(action: AuditAction) -> Options:
    """Declares that the route's refusals are written with this action, and the outcome `refused`."""
    return option(Audited(action))


async def record_refusal(error: Exception, scope: Scope) -> None:
    """Write a refusal in a transaction of its own; a database that does not answer does not change the response."""
    principal = context_of(scope).find(Principal)
    reason = _reason(error)
    if principal is None or reason is None:
        return
    action = _action(scope, principal, error)
    if action is None:
        return
    try:
        async with services_of(ASGIConnection(scope)).database.transaction() as tx:
            await record(tx, _entry(scope, principal, action, reason))
    except (SQLAlchemyError, OSError) as failure:
        log.warning("refusal_not_recorded", action=action, reason=type(failure).__name__)


def _reason(error: Exception) -> str | None:
    """The error code of a refusal; None for a failure, which is none."""
    if isinstance(error, errors.ApiError) and error.status < 500:
        return error.code
    if isinstance(error, ValidationException):
        return errors.InvalidParameter.code
    return errors.Conflict.code if isinstance(error, IntegrityError) else None


def _action(scope: Scope, principal: Principal, error: Exception) -> AuditAction | None:
    audited = declared(scope["route_handler"], Audited)
    if audited is not None:
        return audited.action
    beyond_the_key = isinstance(error, errors.NotFound) and principal.repo_ids is not None
    if not (isinstance(error, errors.Forbidden) or beyond_the_key):
        return None
    return AccessAction.ACCESS_REFUSED if principal.key_id is None else AuthAction.API_KEY_REFUSED


def _entry(scope: Scope, principal: Principal, action: AuditAction, reason: str) -> AuditEntry:
    resource_type, resource_id = _resource(scope, principal, action)
    return AuditEntry(
        action=action,
        outcome=AuditOutcome.REFUSED,
        actor_user_id=principal.user_id,
        actor_key_id=principal.key_id,
        resource_type=resource_type,
        resource_id=resource_id,
        origin=origin_of(ASGIConnection(scope)),
        details={"reason": reason, "attempt": scope["route_handler"].handler_name, "path": _clean(scope["path"])},
    )


def _resource(scope: Scope, principal: Principal, action: AuditAction) -> tuple[str | None, str | None]:
    if action is AuthAction.API_KEY_REFUSED:
        return "api_key", str(principal.key_id)
    named = context_of(scope).find(Resource)
    if named is not None:
        return named.type, named.id
    if action is AccessAction.ACCESS_REFUSED:
        return None, None
    # The last parameter of the path is what the act is about: .../projects/{project}/repos/{repo}
    parameters: list[Any] = list(scope.get("path_params", {}).values())
    return action.partition(":")[0], _clean(str(parameters[-1])) if parameters else None


def _clean(text: str) -> str:
    """A part of a path without secrets, and without characters that PostgreSQL cannot store or a terminal obeys."""
    return visible(mask_client_text(text, _MAX_TEXT))
