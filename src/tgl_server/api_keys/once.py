"""Making a key once, however often the request comes: by the header `Idempotency-Key`, for 24 hours.

The first answer cannot be given again, since only a hash of the key is stored. A repetition is told which key was made
instead, so that it can be revoked if its secret was lost with the answer.
"""

from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.api_keys import NewKey
from tgl_protocol.http import API_PREFIX, IDEMPOTENCY_KEY_HEADER
from tgl_protocol.problem import FieldError
from tgl_server.api_keys import queries
from tgl_server.api_keys.errors import IdempotencyKeyReused, KeyMadeAlready
from tgl_server.errors import InvalidParameter
from tgl_server.http.declarations import RequestHeader

_MOST_LETTERS = 255

HEADER = RequestHeader(
    IDEMPOTENCY_KEY_HEADER,
    "A text of the caller's choice, new for each key to make: within 24 hours a second request with it makes none",
    {"type": "string", "minLength": 1, "maxLength": _MOST_LETTERS, "pattern": "^[!-~]+$"},
    "8e03978e-40d5-43dd-bc93-6894a57f9324",
)


class Once(Struct, frozen=True):
    """Hashes of an Idempotency-Key and of the request that it came with."""

    idempotency_hash: bytes
    request_hash: bytes


def once_of(request: Request[Any, Any, Any], new: NewKey) -> Once | None:
    """The request's Idempotency-Key with what it asks for; None without one. Raises a 422 error for a bad one."""
    text = request.headers.get(IDEMPOTENCY_KEY_HEADER)
    if text is None:
        return None
    if not 1 <= len(text) <= _MOST_LETTERS or not all("!" <= sign <= "~" for sign in text):
        message = f"Expected 1 to {_MOST_LETTERS} visible ASCII characters without spaces"
        raise InvalidParameter(errors=[FieldError(message, field=IDEMPOTENCY_KEY_HEADER)])
    return Once(sha256(text.encode()).digest(), sha256(msgspec.json.encode(new)).digest())


async def made_before(connection: AsyncConnection, user_id: UUID, once: Once) -> UUID | None:
    """The id of the key that the user made with this Idempotency-Key; None if there is none."""
    asked = {"user_id": user_id, "idempotency_hash": once.idempotency_hash}
    found: UUID | None = await connection.scalar(queries.MADE_BEFORE, asked)
    return found


async def refuse_repetition(tx: AsyncSession, user_id: UUID, once: Once) -> None:
    """Raises `KeyMadeAlready` or `IdempotencyKeyReused` if the user's header made a key in the last 24 hours."""
    asked = {"user_id": user_id, "idempotency_hash": once.idempotency_hash}
    await tx.execute(queries.FORGET_OLD_IDEMPOTENCY, asked)
    made = (await tx.execute(queries.MADE_BEFORE, asked)).one_or_none()
    if made is None:
        return
    if made.request_hash != once.request_hash:
        raise IdempotencyKeyReused
    raise KeyMadeAlready(
        f"This Idempotency-Key has made the API key {made.prefix} already, with the id {made.id}; "
        "its secret is shown only once. If it was lost, revoke that key and make another with a new Idempotency-Key.",
        headers={"Location": f"{API_PREFIX}/api-keys/{made.id}"},
    )
