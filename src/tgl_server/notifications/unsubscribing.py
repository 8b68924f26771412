"""The address that ends mails about a topic by one click, without signing in (RFC 8058).

It names a person and a topic and is signed, so that nobody makes one for somebody else; it never expires, as a mail may
be read years later, and it can do nothing but this.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final
from uuid import UUID

from msgspec import Struct

from tgl_server.errors import NotFound
from tgl_server.notifications.models import Topic
from tgl_server.settings import Settings

PATH: Final = "/unsubscribe"
_MAC_BYTES: Final = 16
_TOPICS: Final = list(Topic)


class UnknownUnsubscription(NotFound):
    """This address for unsubscribing is not whole; copy all of it, or choose under Settings > Notifications."""


class Subscription(Struct, frozen=True):
    """The mails about a topic to a person."""

    user_id: UUID
    topic: Topic


class Unsubscribing:
    """Makes and reads the addresses, signed with a key that is derived from SECRET_KEY."""

    def __init__(self, settings: Settings) -> None:
        self._origin = settings.public_origin
        self._key = hmac.digest(settings.secret_key.encode(), b"thegitleague unsubscribe", hashlib.sha256)

    def url(self, subscription: Subscription) -> str:
        return f"{self._origin}{PATH}/{self.token(subscription)}"

    def token(self, subscription: Subscription) -> str:
        """32 bytes and one, in base 64: who, what, and the signature."""
        content = subscription.user_id.bytes + bytes([_TOPICS.index(subscription.topic)])
        return base64.urlsafe_b64encode(content + self._mac(content)).decode()

    def read(self, token: str) -> Subscription:
        """The subscription that a token names; raises `UnknownUnsubscription`."""
        try:
            raw = base64.urlsafe_b64decode(token)
        except (ValueError, binascii.Error):
            raise UnknownUnsubscription from None
        content, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(content) != len(UUID(int=0).bytes) + 1 or not hmac.compare_digest(mac, self._mac(content)):
            raise UnknownUnsubscription
        return Subscription(UUID(bytes=content[:-1]), _TOPICS[content[-1]])

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, hashlib.sha256)[:_MAC_BYTES]
