"""The pages `/settings/keys` and `/settings/keys/{key_id}`, and what changes a key there."""

from functools import partial
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from tgl_protocol.api_keys import KeyChange, KeyName, ScopeList
from tgl_server.access.callers import session_user
from tgl_server.access.refusals import audited_as
from tgl_server.api_keys import service
from tgl_server.api_keys.actions import ApiKeyAction
from tgl_server.audit.service import Actor
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.settings import Settings
from tgl_server.web.filters import Filters
from tgl_server.web.flash import go_on
from tgl_server.web.forms import Form, form_of_query, read_form
from tgl_server.web.keys import making
from tgl_server.web.keys.making import KEYS_PATH, key_path
from tgl_server.web.keys.reading import find_key, list_keys, read_details
from tgl_server.web.keys.wish import SCOPES
from tgl_server.web.rendering import page
from tgl_server.web.submitting import submit

AnyRequest = Request[Any, Any, Any]

_MOST_PAGES = 10_000
_SWITCHES = (f"{KEYS_PATH}/{{key_id:uuid}}/pause", f"{KEYS_PATH}/{{key_id:uuid}}/resume")


class _Renaming(Struct, frozen=True):
    name: KeyName


class _Rights(Struct, frozen=True):
    scopes: ScopeList


@get(KEYS_PATH)
async def show_keys(
    request: AnyRequest, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> Response[str]:
    """The viewer's keys: those that work or can be resumed, or all of them."""
    asked = Filters(request)
    show_all = asked.choice("show", ("usable", "all"), "usable") == "all"
    wanted = min(max(asked.place("page"), 1), _MOST_PAGES)
    async with database.statements() as connection:
        found = await list_keys(connection, principal, show_all=show_all, page=wanted)
    return page(request, "keys/list.html", keys=found, show_all=show_all, page=wanted)


@get(f"{KEYS_PATH}/{{key_id:uuid}}")
async def show_key(
    request: AnyRequest,
    key_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[str]:
    """One key: its rights, its use, what was refused to it and what happened to it."""
    async with database.statements() as connection:
        details = await read_details(connection, principal, key_id)
    return page(request, "keys/key.html", details=details, key=details.row, form=form_of_query(request))


@get(list(_SWITCHES), sync_to_thread=False)
def show_switch(key_id: FromPath[UUID]) -> Response[Any]:
    """The page with the switch, for who comes back from signing in again."""
    return Redirect(f"{key_path(key_id)}?restored=1", status_code=303)


@post(list(_SWITCHES), status_code=303, opt=audited_as(ApiKeyAction.API_KEY_CHANGED))
async def switch_key(
    request: AnyRequest,
    key_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Pause a key, so that its next request is refused, or let it work again."""
    form = await read_form(request)
    resumes = request.scope["path"].endswith("/resume")
    name = await _change(database, principal, actor, key_id, KeyChange(is_active=resumes))
    return _back(settings, form, key_id, "key-resumed" if resumes else "key-paused", name)


@get(f"{KEYS_PATH}/{{key_id:uuid}}/rename")
async def show_renaming(
    request: AnyRequest,
    key_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[str]:
    """The form for another name."""
    return await _show_renaming(request, principal, database, key_id, form_of_query(request))


async def _show_renaming(
    request: AnyRequest, principal: Principal, database: Database, key_id: UUID, form: Form, status: int = 200
) -> Response[str]:
    async with database.statements() as connection:
        key = await find_key(connection, principal, key_id)
    form.fields.setdefault("name", [key.name])
    return page(request, "keys/rename.html", key=key, form=form, status=status)


@post(f"{KEYS_PATH}/{{key_id:uuid}}/rename", status_code=303, opt=audited_as(ApiKeyAction.API_KEY_CHANGED))
async def rename_key(
    request: AnyRequest,
    key_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Give a key another name."""

    async def rename(form: Form) -> Response[Any]:
        wanted = KeyChange(name=form.read(_Renaming).name)
        name = await _change(database, principal, actor, key_id, wanted)
        return _back(settings, form, key_id, "key-changed", name)

    return await submit(request, rename, partial(_show_renaming, request, principal, database, key_id))


@get(f"{KEYS_PATH}/{{key_id:uuid}}/rights")
async def show_rights(
    request: AnyRequest,
    key_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[str]:
    """The form that takes rights from a key."""
    return await _show_rights(request, principal, database, key_id, form_of_query(request))


@post(f"{KEYS_PATH}/{{key_id:uuid}}/rights", status_code=303, opt=audited_as(ApiKeyAction.API_KEY_CHANGED))
async def reduce_rights(
    request: AnyRequest,
    key_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Leave a key some of its rights, from its next request on."""

    async def reduce(form: Form) -> Response[Any]:
        change = KeyChange(scopes=form.read(_Rights).scopes)
        name = await _change(database, principal, actor, key_id, change)
        return _back(settings, form, key_id, "key-changed", name)

    return await submit(request, reduce, partial(_show_rights, request, principal, database, key_id))


async def _show_rights(
    request: AnyRequest, principal: Principal, database: Database, key_id: UUID, form: Form, status: int = 200
) -> Response[str]:
    async with database.statements() as connection:
        key = await find_key(connection, principal, key_id)
    if not (form.all("scopes") or form.faults):
        form.fields["scopes"] = list(key.scopes)
    options = [option for option in SCOPES if option[0] in key.scopes]
    return page(request, "keys/rights.html", key=key, form=form, options=options, status=status)


@get(f"{KEYS_PATH}/{{key_id:uuid}}/revoke")
async def show_revoking(
    request: AnyRequest,
    key_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[str]:
    """The question whether to revoke a key, with who used it last."""
    async with database.statements() as connection:
        key = await find_key(connection, principal, key_id)
    return page(request, "keys/revoke.html", key=key)


@post(f"{KEYS_PATH}/{{key_id:uuid}}/revoke", status_code=303, opt=audited_as(ApiKeyAction.API_KEY_REVOKED))
async def revoke_key(
    key_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Revoke a key for good."""
    async with database.transaction() as tx:
        row = await service.get_key(tx, principal.user_id, key_id)
        await service.revoke_key(tx, row, actor)
    return _back(settings, Form.of(back="list"), key_id, "key-revoked", row.name)


async def _change(database: Database, principal: Principal, actor: Actor, key_id: UUID, change: KeyChange) -> str:
    """Change one of the viewer's keys; its name."""
    async with database.transaction() as tx:
        row = await service.get_key(tx, principal.user_id, key_id)
        await service.change_key(tx, row, change, actor)
        return row.name


def _back(settings: Settings, form: Form, key_id: UUID, code: str, name: str) -> Response[Any]:
    """Back to the page that the form was on: the table, all of it if that was shown, or the key's own page."""
    pages = {"list": KEYS_PATH, "all": f"{KEYS_PATH}?show=all"}
    return go_on(pages.get(form.text("back"), key_path(key_id)), code, name, secure=settings.is_secure)


ROUTES = (
    Router(
        "/",
        route_handlers=[
            show_keys,
            show_key,
            show_switch,
            switch_key,
            show_renaming,
            rename_key,
            show_rights,
            reduce_rights,
            show_revoking,
            revoke_key,
            *making.ROUTES,
        ],
        guards=[session_user],
    ),
)
