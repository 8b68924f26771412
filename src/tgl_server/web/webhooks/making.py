"""Making a webhook, another secret for it, and deleting it. A secret is in the one answer that makes it."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Literal
from uuid import UUID, uuid4

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from tgl_protocol.webhooks import WebhookKind, WebhookSecret
from tgl_server.access.guards import changes_repo
from tgl_server.access.refusals import audited_as
from tgl_server.errors import Conflict
from tgl_server.sealing.sealer import Sealer
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.policy import SECRET_HEADERS
from tgl_server.web.repos.header import RepoView
from tgl_server.web.submitting import submit
from tgl_server.web.webhooks.guides import GUIDES, guessed_kind
from tgl_server.web.webhooks.site import find_hook, site_of
from tgl_server.webhooks import service
from tgl_server.webhooks.actions import WebhookAction
from tgl_server.webhooks.forges.kinds import FORGES

WEBHOOKS: Final = "/projects/{project:str}/repos/{repo:str}/webhooks"
HOOK: Final = f"{WEBHOOKS}/{{hook_id:uuid}}"

OVERLAPS: Final = (
    ("0", "At once", "the old secret is refused from now on"),
    ("60", "1 hour", ""),
    ("1440", "1 day", ""),
    ("10080", "7 days", ""),
)


_KEEP: Final = "sends the secret itself, so only over HTTPS"


class _New(Struct, frozen=True):
    kind: WebhookKind
    once: UUID


class _Rotation(Struct, frozen=True):
    overlap: Literal["0", "60", "1440", "10080"]
    rotated: str


@get(f"{WEBHOOKS}/new", guards=[changes_repo])
async def show_new_webhook(repo_view: NamedDependency[RepoView]) -> Response[str]:
    """The choice of the kind of sender, which the address suggests."""
    form = form_of_query(repo_view.request)
    if not form.all("kind"):
        guess = guessed_kind((await repo_view.info()).git_url)
        form.fields["kind"] = [guess] if guess else []
    return await _show_new_webhook(repo_view, form)


@post(f"{WEBHOOKS}/new", guards=[changes_repo], status_code=201, opt=audited_as(WebhookAction.WEBHOOK_CREATED))
async def make_webhook(repo_view: NamedDependency[RepoView], sealer: NamedDependency[Sealer]) -> Response[Any]:
    """Make a webhook, and show its secret in this answer and never again; sent again, it makes no second one."""

    async def make(form: Form) -> Response[Any]:
        new, repo_id = form.read(_New), repo_view.access.id
        site, by = site_of(repo_view), repo_view.actor
        async with repo_view.database.transaction(repo_id) as tx:
            made = await service.create_webhook(tx, sealer, site, repo_id, new.kind, by, new.once)
        return await _show_made(repo_view, made)

    return await submit(repo_view.request, make, partial(_show_new_webhook, repo_view))


@get(f"{HOOK}/rotate", guards=[changes_repo])
async def show_rotating(hook_id: FromPath[UUID], repo_view: NamedDependency[RepoView]) -> Response[str]:
    """The question how long the old secret is taken beside the new one."""
    form = form_of_query(repo_view.request)
    form.fields.setdefault("overlap", ["1440"])
    return await _show_rotating(repo_view, hook_id, form)


@post(f"{HOOK}/rotate", guards=[changes_repo], status_code=201, opt=audited_as(WebhookAction.WEBHOOK_ROTATED))
async def rotate_webhook(
    hook_id: FromPath[UUID], repo_view: NamedDependency[RepoView], sealer: NamedDependency[Sealer]
) -> Response[Any]:
    """Give a webhook another secret; sent again, as by a reload, it leaves the one that was shown."""

    async def rotate(form: Form) -> Response[Any]:
        wanted, repo_id = form.read(_Rotation), repo_view.access.id
        overlap = timedelta(minutes=int(wanted.overlap))
        async with repo_view.database.transaction(repo_id) as tx:
            hook = await find_hook(await tx.connection(), repo_view, hook_id)
            if wanted.rotated != _rotated(hook.rotated_at):
                raise Conflict("The secret was changed meanwhile, and shown once. If it was not kept, change it again.")
            site, by = site_of(repo_view), repo_view.actor
            made = await service.rotate_webhook(tx, sealer, site, repo_id, hook_id, overlap, by)
        return await _show_made(repo_view, made, replaces=True)

    return await submit(repo_view.request, rotate, partial(_show_rotating, repo_view, hook_id))


@get(f"{HOOK}/delete", guards=[changes_repo])
async def show_deletion(hook_id: FromPath[UUID], repo_view: NamedDependency[RepoView]) -> Response[str]:
    """The question whether a webhook is to go, with what last arrived there."""
    return await _show_deletion(repo_view, hook_id, form_of_query(repo_view.request))


@post(f"{HOOK}/delete", guards=[changes_repo], status_code=303, opt=audited_as(WebhookAction.WEBHOOK_DELETED))
async def delete_webhook(hook_id: FromPath[UUID], repo_view: NamedDependency[RepoView]) -> Response[Any]:
    """Delete a webhook with what is kept of its deliveries."""

    async def delete(_: Form) -> Response[Any]:
        async with repo_view.database.transaction(repo_view.access.id) as tx:
            await service.delete_webhook(tx, repo_view.access.id, hook_id, repo_view.actor)
        return repo_view.go_on(f"{repo_view.path}/webhooks", "webhook-deleted")

    return await submit(repo_view.request, delete, partial(_show_deletion, repo_view, hook_id))


async def _show_made(repo_view: RepoView, made: WebhookSecret, *, replaces: bool = False) -> Response[str]:
    guide = GUIDES[made.kind]
    return await repo_view.show(
        "webhooks/made.html", status=201, headers=SECRET_HEADERS, made=made, guide=guide, replaces=replaces
    )


async def _show_new_webhook(repo_view: RepoView, form: Form, status: int = 200) -> Response[str]:
    form.fields["once"] = [str(uuid4())]
    kinds = [(kind, guide.name, _KEEP if FORGES[kind].proof.sends_secret else "") for kind, guide in GUIDES.items()]
    is_sealed = bool(repo_view.settings.secrets_keys)
    return await repo_view.show("webhooks/new.html", status=status, form=form, kinds=kinds, is_sealed=is_sealed)


async def _show_rotating(repo_view: RepoView, hook_id: UUID, form: Form, status: int = 200) -> Response[str]:
    async with repo_view.database.statements() as connection:
        hook = await find_hook(connection, repo_view, hook_id)
    form.fields["rotated"] = [_rotated(hook.rotated_at)]
    guide = GUIDES[hook.kind]
    return await repo_view.show(
        "webhooks/rotate.html", status=status, form=form, hook=hook, guide=guide, overlaps=OVERLAPS
    )


async def _show_deletion(repo_view: RepoView, hook_id: UUID, form: Form, status: int = 200) -> Response[str]:
    async with repo_view.database.statements() as connection:
        hook = await find_hook(connection, repo_view, hook_id)
    return await repo_view.show("webhooks/delete.html", status=status, form=form, hook=hook, guide=GUIDES[hook.kind])


def _rotated(at: datetime | None) -> str:
    """Which secret a form was shown beside: the time since when there is this one."""
    return at.isoformat() if at else "never"


ROUTES = (
    show_new_webhook,
    make_webhook,
    show_rotating,
    rotate_webhook,
    show_deletion,
    delete_webhook,
)
