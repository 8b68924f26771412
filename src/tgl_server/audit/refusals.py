"""Remembering refused attempts, once for the whole server: whoever is known and is told 403 is in the audit log."""

from typing import Any

import structlog
from litestar.connection import ASGIConnection
from litestar.types import Scope
from sqlalchemy.exc import SQLAlchemyError

from tgl_server import errors
from tgl_server.audit.actions import AuditAction, AuditOutcome
from tgl_server.audit.service import AuditEntry, record
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.origin import AnyConnection, origin_of

log = structlog.get_logger()


def name_resource(
    connection: AnyConnection, resource_type: str, resource_id: object
) -> None:
    """Leave with the request what it is about, should it be refused."""
    connection.scope["state"]["resource"] = (resource_type, str(resource_id))


async def record_refusal(error: Exception, scope: Scope) -> None:
    """Litestar's hook after an exception, in a transaction of its own, as the refused one is rolled back.

    A key that is refused as such (revoked, another network) has no principal here: `auth.api_key` records it.
    A database that is away does not turn the refusal into another answer.
    """
    state: dict[str, Any] = scope.get("state", {})
    principal: Principal | None = state.get("principal")
    if principal is None or not isinstance(error, errors.Forbidden):
        return
    connection: AnyConnection = ASGIConnection(scope)
    database: Database = connection.app.state.database
    try:
        async with database.transaction() as tx:
            await record(tx, _refused(connection, principal, error))
    except (SQLAlchemyError, OSError):
        log.exception("refusal_not_recorded")


def _refused(
    connection: AnyConnection, principal: Principal, error: errors.Forbidden
) -> AuditEntry:
    """The attempt is named by the handler's function and not by the path, which may hold any text."""
    resource_type, resource_id = connection.scope["state"].get("resource", (None, None))
    return AuditEntry(
        action=AuditAction.ACCESS_REFUSED,
        outcome=AuditOutcome.REFUSED,
        actor_user_id=principal.user_id,
        actor_key_id=principal.key_id,
        resource_type=resource_type,
        resource_id=resource_id,
        origin=origin_of(connection),
        details={
            "attempt": connection.route_handler.handler_name,
            "reason": error.code,
        },
    )
