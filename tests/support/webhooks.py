"""What forges send to webhooks, by the fields that they document, and signed as they sign."""

import base64
import hmac
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from tests.support.api import Answer, Api
from tests.support.commits import sha_of
from tests.support.people import Person
from tests.support.servers import new_client

URL = "https://git.example.com/team/linux.git"
SSH_URL = "ssh://git@git.example.com:2222/team/linux.git"
MAIN = "refs/heads/main"
ZEROS = "0" * 40

Headers = dict[str, str]


@dataclass(frozen=True)
class Pushed:
    """A push: where to, which ref, and from where to where it moved; zeros for a ref that is new or gone."""

    url: str = URL
    ref: str = MAIN
    before: str = field(default_factory=lambda: sha_of("before"))
    after: str = field(default_factory=lambda: sha_of(uuid4()))

    @property
    def branch(self) -> str:
        return self.ref.removeprefix("refs/heads/")


def github(push: Pushed) -> dict[str, Any]:
    repository = {"id": 35129377, "full_name": "team/linux", "html_url": push.url.removesuffix(".git")}
    urls = {"clone_url": push.url, "ssh_url": SSH_URL, "git_url": "git://git.example.com/team/linux.git"}
    moved = {"ref": push.ref, "before": push.before, "after": push.after, "forced": False}
    marks = {"created": push.before == ZEROS, "deleted": push.after == ZEROS}
    return {**moved, **marks, "repository": repository | urls, "pusher": {"name": "ada"}, "commits": []}


def gitlab(push: Pushed) -> dict[str, Any]:
    project = {"id": 15, "path_with_namespace": "team/linux", "git_http_url": push.url, "git_ssh_url": SSH_URL}
    moved = {"ref": push.ref, "before": push.before, "after": push.after, "checkout_sha": push.after}
    return {"object_kind": "push", "event_name": "push", **moved, "project": project, "total_commits_count": 1}


def gitea(push: Pushed) -> dict[str, Any]:
    repository = {"id": 140, "full_name": "team/linux", "clone_url": push.url, "ssh_url": SSH_URL}
    moved = {"ref": push.ref, "before": push.before, "after": push.after}
    return {**moved, "commits": [], "repository": repository, "pusher": {"login": "ada"}}


def bitbucket_cloud(push: Pushed) -> dict[str, Any]:
    def side(sha: str) -> dict[str, Any] | None:
        named = {"type": "branch", "name": push.branch, "target": {"type": "commit", "hash": sha}}
        return None if sha == ZEROS else named

    change = {"old": side(push.before), "new": side(push.after), "forced": False, "closed": push.after == ZEROS}
    full_name = "/".join(push.url.removesuffix(".git").rsplit("/", 2)[1:])
    links = {"html": {"href": f"https://bitbucket.org/{full_name}"}}
    return {"push": {"changes": [change]}, "repository": {"full_name": full_name, "links": links}, "actor": {}}


def bitbucket_data_center(push: Pushed) -> dict[str, Any]:
    kind = "DELETE" if push.after == ZEROS else "UPDATE"
    ref = {"id": push.ref, "displayId": push.branch, "type": "BRANCH"}
    change = {"ref": ref, "refId": push.ref, "fromHash": push.before, "toHash": push.after, "type": kind}
    clone = [{"href": SSH_URL, "name": "ssh"}, {"href": push.url, "name": "http"}]
    repository = {"slug": "linux", "project": {"key": "TEAM"}, "links": {"clone": clone}}
    return {
        "eventKey": "repo:refs_changed",
        "date": "2026-01-02T12:00:00+0000",
        "repository": repository,
        "changes": [change],
    }


def azure_devops(push: Pushed) -> dict[str, Any]:
    update = {"name": push.ref, "oldObjectId": push.before, "newObjectId": push.after}
    resource = {"refUpdates": [update], "repository": {"name": "linux", "remoteUrl": push.url}, "pushId": 14}
    ids = {"id": str(uuid4()), "notificationId": 3, "subscriptionId": str(uuid4())}
    return {**ids, "eventType": "git.push", "publisherId": "tfs", "resource": resource}


def generic(push: Pushed) -> dict[str, Any]:
    return {"type": "push", "repository": push.url, "ref": push.ref, "after": push.after}


def _hex(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, sha256).hexdigest()


def standard(secret: str, body: bytes, id_: str, at: float | None = None) -> Headers:
    """The headers of Standard Webhooks; `at` is the signed time."""
    timestamp = str(int(time.time() if at is None else at))
    signed = f"{id_}.{timestamp}.".encode() + body
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, sha256).digest()
    signature = f"v1,{base64.b64encode(mac).decode()}"
    return {"webhook-id": id_, "webhook-timestamp": timestamp, "webhook-signature": signature}


def _basic(secret: str) -> str:
    return "Basic " + base64.b64encode(f"any:{secret}".encode()).decode()


@dataclass(frozen=True)
class Sender:
    """A forge: its body for a push, its headers for a body, and the header that is its proof."""

    kind: str
    body: Callable[[Pushed], dict[str, Any]]
    headers: Callable[[str, bytes, str], Headers]
    proof: str

    def send(self, secret: str, push: Pushed | None = None, id_: str | None = None) -> tuple[bytes, Headers]:
        """The body and the headers of a push."""
        body = json.dumps(self.body(push or Pushed())).encode()
        return body, self.signed(secret, body, id_)

    def signed(self, secret: str, body: bytes, id_: str | None = None) -> Headers:
        """The headers for a body."""
        return {"Content-Type": "application/json", **self.headers(secret, body, id_ or str(uuid4()))}


SENDERS = {
    sender.kind: sender
    for sender in (
        Sender(
            "github",
            github,
            lambda secret, body, id_: {
                "X-GitHub-Event": "push",
                "X-GitHub-Delivery": id_,
                "X-Hub-Signature-256": f"sha256={_hex(secret, body)}",
            },
            "X-Hub-Signature-256",
        ),
        Sender(
            "gitlab",
            gitlab,
            lambda secret, body, id_: {"X-Gitlab-Event": "Push Hook", **standard(secret, body, id_)},
            "webhook-signature",
        ),
        Sender(
            "gitlab_token",
            gitlab,
            lambda secret, _, id_: {
                "X-Gitlab-Event": "Push Hook",
                "X-Gitlab-Token": secret,
                "X-Gitlab-Event-UUID": str(uuid4()),
                "Idempotency-Key": id_,
            },
            "X-Gitlab-Token",
        ),
        Sender(
            "gitea",
            gitea,
            lambda secret, body, id_: {
                "X-Gitea-Event": "push",
                "X-GitHub-Event": "push",
                "X-Gitea-Delivery": id_,
                "X-Gitea-Signature": _hex(secret, body),
            },
            "X-Gitea-Signature",
        ),
        Sender(
            "forgejo",
            gitea,
            lambda secret, body, id_: {
                "X-Forgejo-Event": "push",
                "X-Gitea-Event": "push",
                "X-Forgejo-Delivery": id_,
                "X-Forgejo-Signature": _hex(secret, body),
                "X-Gitea-Signature": _hex(secret, body),
                "X-Hub-Signature-256": f"sha256={_hex(secret, body)}",
            },
            "X-Forgejo-Signature",
        ),
        Sender(
            "bitbucket_cloud",
            bitbucket_cloud,
            lambda secret, body, id_: {
                "X-Event-Key": "repo:push",
                "X-Request-UUID": id_,
                "X-Attempt-Number": "1",
                "X-Hub-Signature": f"sha256={_hex(secret, body)}",
            },
            "X-Hub-Signature",
        ),
        Sender(
            "bitbucket_data_center",
            bitbucket_data_center,
            lambda secret, body, id_: {
                "X-Event-Key": "repo:refs_changed",
                "X-Request-Id": id_,
                "X-Hub-Signature": f"sha256={_hex(secret, body)}",
            },
            "X-Hub-Signature",
        ),
        Sender("azure_devops", azure_devops, lambda secret, _, __: {"Authorization": _basic(secret)}, "Authorization"),
        Sender("generic", generic, standard, "webhook-signature"),
    )
}


@dataclass(frozen=True)
class Hook:
    """A webhook of a repository: where it is, its secret, and who may look at it."""

    sender: Sender
    owner: Person
    path: str
    id: str
    secret: str
    anyone: Api

    async def deliver(self, body: Any, headers: Headers) -> Answer:
        """Send something, from an address of its own."""
        sent = {**new_client(), **headers}
        data = io.BytesIO(body) if isinstance(body, bytes) else body
        return await self.anyone.request("POST", f"/api/v1/webhooks/{self.id}", data=data, headers=sent)

    async def push(self, push: Pushed | None = None, *, secret: str | None = None, id_: str | None = None) -> Answer:
        """Tell of a push."""
        return await self.deliver(*self.sender.send(secret or self.secret, push, id_))

    async def rotate(self, overlap_minutes: int) -> str:
        """Change the secret; the new one."""
        answer = await self.owner.post(f"{self.path}/{self.id}/rotate", {"overlap_minutes": overlap_minutes})
        assert answer.status == 200, answer.body
        secret: str = answer.json["secret"]
        return secret

    async def behind(self) -> str | None:
        """Since when the repository `linux` is behind its remote, by the status of the API."""
        answer = await self.owner.get("/sync/projects/team/repos/linux/status")
        found: str | None = answer.json["behind_since"]
        return found

    async def deliveries(self) -> list[dict[str, Any]]:
        """What arrived, newest first."""
        answer = await self.owner.get(f"{self.path}/{self.id}/deliveries")
        assert answer.status == 200, answer.body
        items: list[dict[str, Any]] = answer.json["items"]
        return items


async def make_hook(owner: Person, anyone: Api, kind: str, repo_path: str = "/projects/team/repos/linux") -> Hook:
    """A new webhook of a repository."""
    answer = await owner.post(f"{repo_path}/webhooks", {"kind": kind})
    assert answer.status == 201, answer.body
    made = answer.json
    return Hook(SENDERS[kind], owner, f"{repo_path}/webhooks", made["id"], made["secret"], anyone)
