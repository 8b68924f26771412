"""Making API keys."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.keys import ApiKey, generate_api_key
from tgl_server.api_keys.models import ApiKeyRow
from tgl_server.audit.actions import AuditAction
from tgl_server.audit.service import AuditEntry, record
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.principal import Scope


class ApiKeys(SQLAlchemyAsyncRepository[ApiKeyRow]):
    """Rows of `api_keys`."""

    model_type = ApiKeyRow


async def create_key(
    tx: AsyncSession,
    argon2: Argon2,
    user_id: UUID,
    name: str,
    *,
    scopes: Iterable[Scope] = tuple(Scope),
    expires_at: datetime | None = None,
) -> tuple[ApiKeyRow, ApiKey]:
    """The stored row, and the whole key, which exists nowhere else from now on."""
    key = generate_api_key()
    row = ApiKeyRow(
        user_id=user_id,
        name=name,
        prefix=key.prefix,
        key_hash=await argon2.hash(key.full_key),
        scopes=sorted(scopes),
        expires_at=expires_at,
    )
    row = await ApiKeys(session=tx, wrap_exceptions=False).add(row)
    await record(tx, _created(row))
    return row, key


def _created(row: ApiKeyRow) -> AuditEntry:
    return AuditEntry(
        action=AuditAction.API_KEY_CREATED,
        actor_user_id=row.user_id,
        resource_type="api_key",
        resource_id=str(row.id),
        details={"name": row.name, "prefix": row.prefix, "scopes": row.scopes},
    )
