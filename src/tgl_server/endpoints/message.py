"""The messages of Standard Webhooks 1.0.0: body, headers, signature. Pure."""

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

import tgl_protocol
from tgl_protocol.endpoints import MAX_MESSAGE_BYTES
from tgl_protocol.http import JSON_MEDIA_TYPE

PREFIX = "whsec_"


def body_of(type_: str, at: datetime, data: Mapping[str, Any]) -> str:
    """The body of a message; texts of too large data are left out, which receivers look up by the ids."""
    body = msgspec.json.encode({"type": type_, "timestamp": at, "data": data})
    if len(body) >= MAX_MESSAGE_BYTES:
        kept = {name: value for name, value in data.items() if not isinstance(value, str) or len(value) <= 100}
        body = msgspec.json.encode({"type": type_, "timestamp": at, "data": kept})
    return body.decode()


def headers_of(message_id: UUID, now: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The headers of an attempt, signed with each of the secrets that are valid."""
    seconds = int(now.timestamp())
    return {
        "Content-Type": JSON_MEDIA_TYPE,
        "User-Agent": f"TheGitLeague/{tgl_protocol.__version__}",
        "webhook-id": str(message_id),
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(_signature(secret, message_id, seconds, body) for secret in secrets),
    }


def _signature(secret: str, message_id: UUID, seconds: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(key, f"{message_id}.{seconds}.".encode() + body, sha256)
    return f"v1,{base64.b64encode(digest).decode()}"
