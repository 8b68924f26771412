"""Examples of the audit log for the OpenAPI document: a type checker sees when one is outdated."""

from uuid import UUID

from msgspec import Struct

from tgl_protocol import audit
from tgl_server.http.example_values import AT, KEY_ID, USER_ID

_AUDIT = audit.AuditRecord(
    id=UUID("019c2f6e-9060-7182-8394-5f6071829304"),
    at=AT,
    action="api_key:created",
    outcome="success",
    actor_user_id=USER_ID,
    actor_key_id=None,
    resource_type="api_key",
    resource_id=str(KEY_ID),
    ip="203.0.113.7",
    user_agent="Mozilla/5.0",
    request_id="019c2f6e9d3c7e5f8a0b1c2d3e4f5061",
    details={"name": "build server"},
    actor_user_name="Ada Lovelace",
    actor_key_name=None,
    resource_name="build server",
)

EXAMPLES: list[Struct] = [
    audit.AuditPage([_AUDIT], None),
]
