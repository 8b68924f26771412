"""Making a key, by `/settings/keys/new` or in place of another, and the one page that shows it."""

import re
from datetime import timedelta
from functools import partial
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from tgl_protocol.api_keys import CreatedKey
from tgl_server import errors
from tgl_server.access.refusals import audited_as, record_refusal
from tgl_server.api_keys import service
from tgl_server.api_keys.actions import ApiKeyAction
from tgl_server.api_keys.errors import IdempotencyKeyReused
from tgl_server.api_keys.once import Once, made_before
from tgl_server.audit.service import Actor
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database
from tgl_server.http.own_origin import own_origin
from tgl_server.services import services_of
from tgl_server.settings import Settings
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.keys.reading import find_key, reached_repos, repos_to_choose
from tgl_server.web.keys.rows import rights_of
from tgl_server.web.keys.wish import EXPIRIES, PURPOSES, SCOPES, new_key, once_of, prefilled, purpose_of
from tgl_server.web.policy import PAGE_HEADERS, SECRET_HEADERS
from tgl_server.web.rendering import fragment, page
from tgl_server.web.submitting import refusals, submit

AnyRequest = Request[Any, Any, Any]

KEYS_PATH = "/settings/keys"
NEW_PATH = f"{KEYS_PATH}/new"

_PLAIN = re.compile(r"[A-Za-z][\w./-]*")

OVERLAPS = (
    ("0", "At once", "the old key stops now"),
    ("60", "1 hour", ""),
    ("1440", "1 day", ""),
    ("10080", "7 days", ""),
)


class _Rotation(Struct, frozen=True):
    """The minutes for which both keys work."""

    overlap: Literal["0", "60", "1440", "10080"]


def key_path(key_id: UUID) -> str:
    """The address of a key's own page."""
    return f"{KEYS_PATH}/{key_id}"


@get(NEW_PATH)
async def show_new_key(
    request: AnyRequest, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> Response[str]:
    """The form for a key, filled in by the query, such as `?name=laptop&scopes=sync:commits`."""
    return await _form_page(request, principal, database, prefilled(form_of_query(request)))


@post(NEW_PATH, status_code=201, opt=audited_as(ApiKeyAction.API_KEY_CREATED))
async def make_key(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    argon2: NamedDependency[Argon2],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """Make a key, and show it in this answer and never again."""

    async def make(form: Form) -> Response[str]:
        new = new_key(form)
        once = once_of(form, new)
        try:
            with refusals(request):
                made = await service.issue_key(database, argon2, principal, new, actor, once)
        except (errors.Conflict, IdempotencyKeyReused) as refusal:
            await record_refusal(refusal, request.scope)
            return await _made_once_page(request, principal, database, once)
        return await _made_page(request, settings, principal, made)

    return await submit(request, make, partial(_form_page, request, principal, database))


@get(f"{KEYS_PATH}/{{key_id:uuid}}/rotate")
async def show_rotating(
    request: AnyRequest,
    key_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[str]:
    """The question how long the old key works beside the new one."""
    form = form_of_query(request)
    form.fields.setdefault("overlap", ["60"])
    return await _rotate_page(request, principal, database, key_id, form)


@post(f"{KEYS_PATH}/{{key_id:uuid}}/rotate", status_code=201, opt=audited_as(ApiKeyAction.API_KEY_ROTATED))
async def rotate_key(
    request: AnyRequest,
    key_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    argon2: NamedDependency[Argon2],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """Replace a key by a new one, which this answer shows; repeating it is told that it was shown already."""

    async def rotate(form: Form) -> Response[str]:
        overlap = timedelta(minutes=int(form.read(_Rotation).overlap))
        made = await service.replace_key(database, argon2, principal, key_id, overlap, actor)
        return await _made_page(request, settings, principal, made, replaces=True)

    return await submit(request, rotate, partial(_rotate_page, request, principal, database, key_id))


@get(f"{KEYS_PATH}/{{key_id:uuid}}/use")
async def show_use(
    request: AnyRequest,
    key_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> Response[Any]:
    """The line about a key's first use, which the page of a new key asks for; nothing while it waits."""
    async with database.statements() as connection:
        key = await find_key(connection, principal, key_id)
    if not key.uses:
        return Response(None, status_code=204, headers=PAGE_HEADERS)
    return fragment(request, "keys/first_use.html", key=key)


async def _form_page(
    request: AnyRequest, principal: Principal, database: Database, form: Form, status: int = 200
) -> Response[str]:
    async with database.statements() as connection:
        projects = await repos_to_choose(connection, principal)
    return page(
        request,
        "keys/new.html",
        form=form,
        projects=projects,
        repo_count=sum(len(project.repos) for project in projects),
        purposes=PURPOSES,
        chosen=purpose_of(form),
        scopes=SCOPES,
        expiries=EXPIRIES,
        status=status,
    )


async def _made_once_page(
    request: AnyRequest, principal: Principal, database: Database, once: Once | None
) -> Response[str]:
    assert once is not None  # nothing else about a new key can conflict
    async with database.statements() as connection:
        key_id = await made_before(connection, principal.user_id, once)
        if key_id is None:
            raise errors.NotFound("The key that this form has made is no longer there.")
        key = await find_key(connection, principal, key_id)
    return page(request, "keys/made_once.html", key=key, status=409)


async def _rotate_page(
    request: AnyRequest, principal: Principal, database: Database, key_id: UUID, form: Form, status: int = 200
) -> Response[str]:
    async with database.statements() as connection:
        key = await find_key(connection, principal, key_id)
    return page(request, "keys/rotate.html", key=key, form=form, overlaps=OVERLAPS, status=status)


async def _made_page(
    request: AnyRequest, settings: Settings, principal: Principal, made: CreatedKey, *, replaces: bool = False
) -> Response[str]:
    project, repo = "your-project", "your-repository"
    if made.repo_ids is not None and len(made.repo_ids) == 1:
        async with services_of(request).database.statements() as connection:
            reached = await reached_repos(connection, principal, made.id)
        project, repo = next(iter(reached), (project, repo))
    return page(
        request,
        "keys/made.html",
        key=made,
        rights=rights_of(made.scopes.split(",")),
        replaces=replaces,
        server=own_origin(request, settings),
        project=yaml_text(project),
        repo=yaml_text(repo),
        headers=SECRET_HEADERS,
        status=201,
    )


def yaml_text(text: str) -> str:
    """A text as YAML has it: in quotes unless it is plain enough; JSON's quotes are YAML's too."""
    return text if _PLAIN.fullmatch(text) else msgspec.json.encode(text).decode()


ROUTES = (show_new_key, make_key, show_rotating, rotate_key, show_use)
