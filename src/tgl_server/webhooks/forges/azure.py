"""Azure DevOps, whose service hooks sign nothing: the secret is a password, or a header."""

import msgspec
from msgspec import Struct

from tgl_protocol.webhooks import OWN_HEADER
from tgl_server.webhooks.forges.forge import Forge, Moved, Told, named, tips_of
from tgl_server.webhooks.proofs import Headers, sent_password


class _Event(Struct, rename="camel"):
    event_type: str
    id: str | None = None
    notification_id: int | None = None


class _Update(Struct, rename="camel"):
    name: str
    new_object_id: str | None = None


class _Repository(Struct, rename="camel"):
    remote_url: str | None = None


class _Resource(Struct, rename="camel"):
    repository: _Repository
    ref_updates: list[_Update] = []


class _Body(Struct):
    resource: _Resource


def _read(_: Headers, body: bytes) -> Told:
    event = msgspec.json.decode(body, type=_Event)
    if event.event_type != "git.push":
        return Told(event=event.event_type)
    resource = msgspec.json.decode(body, type=_Body).resource
    moves = (Moved(ref=update.name, after=update.new_object_id) for update in resource.ref_updates)
    return Told(
        event=event.event_type,
        is_push=True,
        urls=named(resource.repository.remote_url),
        tips=tips_of(moves),
        delivery_id=_id(event),
    )


def _id(event: _Event) -> str | None:
    """The event's id with the number of the notification: one event may be told to several subscriptions."""
    parts = [event.id, None if event.notification_id is None else str(event.notification_id)]
    return "/".join(part for part in parts if part) or None


AZURE_DEVOPS = Forge(title="Azure DevOps", proof=sent_password(OWN_HEADER), id_headers=(), read=_read)
