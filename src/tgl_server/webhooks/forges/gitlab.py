"""GitLab: of a project, a group or the whole installation; with a signing token, or with the older secret token."""

import msgspec
from msgspec import Struct

from tgl_server.webhooks.forges.forge import Forge, Moved, Told, named, tips_of
from tgl_server.webhooks.proofs import STANDARD, Headers, sent_secret

_PUSHES = ("push", "tag_push")


class _Kind(Struct):
    """`object_kind` is missing in some of the installation's events, which have only a name."""

    object_kind: str | None = None
    event_name: str | None = None


class _Project(Struct):
    git_http_url: str | None = None
    git_ssh_url: str | None = None
    web_url: str | None = None


class _Push(Struct):
    ref: str
    after: str
    project: _Project


def _read(headers: Headers, body: bytes) -> Told:
    kind = msgspec.json.decode(body, type=_Kind)
    word = kind.object_kind or kind.event_name or ""
    event = headers.get("x-gitlab-event") or word
    if word not in _PUSHES:
        return Told(event=event)
    found = msgspec.json.decode(body, type=_Push)
    urls = named(found.project.git_http_url, found.project.git_ssh_url, found.project.web_url)
    return Told(event=event, is_push=True, urls=urls, tips=tips_of([Moved(ref=found.ref, after=found.after)]))


GITLAB = Forge(title="GitLab", proof=STANDARD, id_headers=("webhook-id",), read=_read)
GITLAB_TOKEN = Forge(
    title="GitLab",
    proof=sent_secret("X-Gitlab-Token"),
    id_headers=("idempotency-key", "x-gitlab-event-uuid"),
    read=_read,
)
