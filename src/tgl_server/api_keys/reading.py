"""Reading API keys: those of a user that work, and how much one was used."""

from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.api_keys import KeyDay, KeyUsage
from tgl_server import errors
from tgl_server.api_keys.models import ApiKeyRow
from tgl_server.api_keys.queries import DAYS_OF_KEY
from tgl_server.api_keys.service import NO_SUCH_KEY

_DAYS_SHOWN = 30


async def working_keys(tx: AsyncSession, user_id: UUID) -> list[ApiKeyRow]:
    """The user's keys that are neither revoked nor expired, paused ones too; locked until the transaction ends."""
    query = select(ApiKeyRow).where(
        ApiKeyRow.user_id == user_id,
        ApiKeyRow.revoked_at.is_(None),
        or_(ApiKeyRow.expires_at.is_(None), ApiKeyRow.expires_at > func.now()),
    )
    return list(await tx.scalars(query.order_by(ApiKeyRow.id).with_for_update(key_share=True)))


async def key_usage(connection: AsyncConnection, user_id: UUID, key_id: UUID) -> KeyUsage:
    """The uses and refusals of a user's own key by day, the last 30 days; raises `NotFound`."""
    asked = {"user_id": user_id, "key_id": key_id, "days": _DAYS_SHOWN}
    days = [KeyDay(**day) for day in (await connection.execute(DAYS_OF_KEY, asked)).mappings()]
    if not days:
        raise errors.NotFound(NO_SUCH_KEY)
    return KeyUsage(days)
