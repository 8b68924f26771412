"""GitHub, Gitea and Forgejo: three dialects of one payload, each with headers of its own."""

import msgspec
from msgspec import Struct

from tgl_server.webhooks.forges.forge import Forge, Moved, Told, named, ping, tips_of
from tgl_server.webhooks.proofs import Headers, signed_body


class _Repository(Struct):
    clone_url: str | None = None
    ssh_url: str | None = None
    html_url: str | None = None


class _Push(Struct):
    ref: str
    after: str
    repository: _Repository


class _Deletion(Struct):
    """Of a branch or tag, with its short name; Gitea and Forgejo tell of it by an event of its own."""

    ref: str
    ref_type: str
    repository: _Repository


def _urls(repository: _Repository) -> tuple[str, ...]:
    return named(repository.clone_url, repository.ssh_url, repository.html_url)


def _push(event: str, body: bytes) -> Told:
    found = msgspec.json.decode(body, type=_Push)
    tips = tips_of([Moved(ref=found.ref, after=found.after)])
    return Told(event=event, is_push=True, urls=_urls(found.repository), tips=tips)


def _deletion(event: str, body: bytes) -> Told:
    found = msgspec.json.decode(body, type=_Deletion)
    folder = "refs/tags/" if found.ref_type == "tag" else "refs/heads/"
    tips = {f"{folder}{found.ref.removeprefix(folder)}": None}
    return Told(event=event, is_push=True, urls=_urls(found.repository), tips=tips)


def _read_github(headers: Headers, body: bytes) -> Told:
    event = headers.get("x-github-event", "")
    if event == "ping":
        return ping(event)
    return _push(event, body) if event == "push" else Told(event=event)


def _read_gitea(event: str, body: bytes) -> Told:
    if event == "delete":
        return _deletion(event, body)
    return _push(event, body) if event == "push" else Told(event=event)


GITHUB = Forge(
    title="GitHub",
    proof=signed_body("X-Hub-Signature-256", "sha256="),
    id_headers=("x-github-delivery",),
    read=_read_github,
)
GITEA = Forge(
    title="Gitea",
    proof=signed_body("X-Gitea-Signature"),
    id_headers=("x-gitea-delivery",),
    read=lambda headers, body: _read_gitea(headers.get("x-gitea-event", ""), body),
)
# It also sends the headers of Gitea, Gogs and GitHub, which prove nothing here.
FORGEJO = Forge(
    title="Forgejo",
    proof=signed_body("X-Forgejo-Signature"),
    id_headers=("x-forgejo-delivery",),
    read=lambda headers, body: _read_gitea(headers.get("x-forgejo-event", ""), body),
)
