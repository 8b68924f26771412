"""The one place where a refusal of a known caller is remembered: an `after_exception` hook of the application.

A route that changes something names its action in `opt={"audit": AuditAction...}`; every refusal there is written
with that action. Elsewhere only what the caller may not do is written: 403, and 404 for a key that is restricted to
some repositories, as that is the answer for all others. What a key is refused as such for (revoked, another network)
is written by `auth.api_key`: there is no principal then.
"""

from typing import Any, cast

import structlog
from litestar.connection import ASGIConnection
from litestar.exceptions import ValidationException
from litestar.types import Scope
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from tgl_protocol.problem import ErrorCode
from tgl_server import errors
from tgl_server.audit.actions import AuditAction, AuditOutcome
from tgl_server.audit.service import AuditEntry, record
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.origin import origin_of

_MAX_TEXT = 200

log = structlog.get_logger()


def name_resource(scope: Scope, resource_type: str, resource_id: object) -> None:
    """For a guard that has found it: what the request is about, should it be refused."""
    scope["state"]["resource"] = (resource_type, str(resource_id))


async def record_refusal(error: Exception, scope: Scope) -> None:
    """In a transaction of its own; a database that is away does not change the answer."""
    principal = cast("Principal | None", scope["state"].get("principal"))
    reason = _reason(error)
    if principal is None or reason is None:
        return
    action = _action(scope, principal, error)
    if action is None:
        return
    database: Database = scope["litestar_app"].state.database
    try:
        async with database.transaction() as tx:
            await record(tx, _entry(scope, principal, action, reason))
    except (SQLAlchemyError, OSError) as failure:
        log.warning("refusal_not_recorded", action=action, reason=type(failure).__name__)


def _reason(error: Exception) -> ErrorCode | None:
    """None for what is no refusal but a failure."""
    if isinstance(error, errors.ApiError) and error.status < 500:
        return error.code
    if isinstance(error, ValidationException):
        return ErrorCode.INVALID_PARAMETER
    return ErrorCode.CONFLICT if isinstance(error, IntegrityError) else None


def _action(scope: Scope, principal: Principal, error: Exception) -> AuditAction | None:
    named: AuditAction | None = scope["route_handler"].opt.get("audit")
    if named is not None:
        return named
    beyond_the_key = isinstance(error, errors.NotFound) and principal.repo_ids is not None
    if not (isinstance(error, errors.Forbidden) or beyond_the_key):
        return None
    return AuditAction.ACCESS_REFUSED if principal.key_id is None else AuditAction.API_KEY_REFUSED


def _entry(scope: Scope, principal: Principal, action: AuditAction, reason: ErrorCode) -> AuditEntry:
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
    if action is AuditAction.API_KEY_REFUSED:
        return "api_key", str(principal.key_id)
    named: tuple[str, str] | None = scope["state"].get("resource")
    if named is not None:
        return named
    if action is AuditAction.ACCESS_REFUSED:
        return None, None
    # The last parameter of the path is what the act is about: .../projects/{project}/repos/{repo}
    parameters: list[Any] = list(scope.get("path_params", {}).values())
    return action.partition(":")[0], _clean(str(parameters[-1])) if parameters else None


def _clean(text: str) -> str:
    """What PostgreSQL can hold, of what came in a path."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:_MAX_TEXT]
