"""Bitbucket, which is two programs: the Cloud, and the Data Center that a company runs itself."""

import msgspec
from msgspec import Struct

from tgl_server.webhooks.forges.forge import Forge, Moved, Told, named, ping, tips_of
from tgl_server.webhooks.proofs import Headers, signed_body

_EVENT = "x-event-key"
_CLOUD = "https://bitbucket.org/"
_CENTER_PUSHES = ("repo:refs_changed", "mirror:repo_synchronized")
_CENTER_PING = "diagnostics:ping"


class _Target(Struct):
    hash: str


class _Side(Struct):
    """A branch or tag before or after the push."""

    type: str
    name: str
    target: _Target | None = None


class _CloudChange(Struct):
    old: _Side | None = None
    new: _Side | None = None


class _CloudPush(Struct):
    changes: list[_CloudChange]


class _CloudRepository(Struct):
    full_name: str


class _CloudBody(Struct):
    push: _CloudPush
    repository: _CloudRepository


class _Link(Struct):
    href: str | None = None


class _Links(Struct):
    clone: list[_Link] = []


class _CenterRepository(Struct):
    links: _Links = msgspec.field(default_factory=_Links)


class _Ref(Struct):
    id: str


class _CenterChange(Struct, rename="camel"):
    ref: _Ref
    to_hash: str


class _CenterBody(Struct):
    repository: _CenterRepository
    changes: list[_CenterChange] = []


def _move(change: _CloudChange) -> Moved | None:
    """A change as a move; None for one that names nothing."""
    side = change.new or change.old
    if side is None:
        return None
    folder = "refs/tags/" if side.type == "tag" else "refs/heads/"
    after = change.new.target.hash if change.new and change.new.target else None
    return Moved(ref=f"{folder}{side.name}", after=after)


def _read_cloud(headers: Headers, body: bytes) -> Told:
    event = headers.get(_EVENT, "")
    if event != "repo:push":
        return Told(event=event)
    found = msgspec.json.decode(body, type=_CloudBody)
    moves = [move for move in map(_move, found.push.changes) if move is not None]
    return Told(event=event, is_push=True, urls=(f"{_CLOUD}{found.repository.full_name}",), tips=tips_of(moves))


def _read_center(headers: Headers, body: bytes) -> Told:
    event = headers.get(_EVENT, "")
    if event == _CENTER_PING:
        return ping(event)
    if event not in _CENTER_PUSHES:
        return Told(event=event)
    found = msgspec.json.decode(body, type=_CenterBody)
    urls = named(*(link.href for link in found.repository.links.clone))
    tips = tips_of(Moved(ref=change.ref.id, after=change.to_hash) for change in found.changes)
    return Told(event=event, is_push=True, urls=urls, tips=tips)


BITBUCKET_CLOUD = Forge(
    title="Bitbucket Cloud",
    # SHA-256 under the name that elsewhere means SHA-1.
    proof=signed_body("X-Hub-Signature", "sha256="),
    id_headers=("x-request-uuid",),
    read=_read_cloud,
)
BITBUCKET_DATA_CENTER = Forge(
    title="Bitbucket Data Center",
    proof=signed_body("X-Hub-Signature", "sha256="),
    id_headers=("x-request-id",),
    read=_read_center,
    is_unsigned_ping=lambda headers: headers.get(_EVENT) == _CENTER_PING,
)
