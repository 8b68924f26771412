"""The audit log feature as the application sees it: routes, audit actions, examples."""

from tgl_server.audit_logs.actions import AuditLogAction
from tgl_server.audit_logs.examples import EXAMPLES
from tgl_server.audit_logs.routes import audit_router
from tgl_server.http.feature import Feature

audit_logs = Feature(
    routers=(audit_router,),
    tags={"audit": "Who did what, from where, when"},
    actions=AuditLogAction,
    examples=EXAMPLES,
)
