"""Signing in and out under `/auth`, and a commissioner's `/users`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, get, patch, post
from litestar.datastructures import CacheControlHeader, State
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from tgl_protocol.accounts import (
    Credentials,
    Me,
    PasswordChange,
    RefreshRequest,
    Registration,
    Role,
    TokenPair,
    UserChange,
    UserInfo,
    UserPage,
    UserState,
)
from tgl_server import errors
from tgl_server.accounts import service, sessions
from tgl_server.accounts.sessions import OpenSession
from tgl_server.audit.actions import AuditAction
from tgl_server.audit.service import Actor
from tgl_server.auth.access_token import AccessTokens
from tgl_server.auth.guards import commissioner, known_session, known_user, provide_actor, provide_principal, web_user
from tgl_server.auth.passwords import Passwords
from tgl_server.auth.principal import Principal, join_scopes
from tgl_server.cursors import Cursor
from tgl_server.db.engine import Database
from tgl_server.limits.accounts import LoginLimit
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.origin import AnyConnection, origin_of
from tgl_server.query_words import refuse_null
from tgl_server.settings import Settings

AnyRequest = Request[Any, Any, Any]
Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many at the most")]
# Litestar keeps the name `state` for its own.
InState = Annotated[UserState | None, QueryParameter(name="state", description="Only users in this state")]


async def registration_open(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """A guard: whether people may ask for an account."""
    settings: Settings = connection.app.state.settings
    if not settings.registration_open:
        raise errors.Forbidden("Registration is switched off; ask a commissioner for an account.")


@post("/register", guards=[registration_open], opt=limited_as(RateGroup.LOGIN))
async def register(
    request: AnyRequest,
    data: JSONBody[Registration],
    database: NamedDependency[Database],
    passwords: NamedDependency[Passwords],
) -> UserInfo:
    """Ask for an account; it waits for a commissioner's approval."""
    hashed = await passwords.hash(data.password)
    async with database.transaction() as tx:
        user = await service.create_user(
            tx,
            data.email,
            role=Role(data.role),
            state=UserState.PENDING,
            display_name=data.display_name,
            password_hash=hashed,
            actor=Actor(origin=origin_of(request)),
        )
        return service.user_info(user)


@post("/login", status_code=200, opt=limited_as(RateGroup.LOGIN))
async def login(
    request: AnyRequest,
    data: JSONBody[Credentials],
    database: NamedDependency[Database],
    passwords: NamedDependency[Passwords],
    login_limit: NamedDependency[LoginLimit],
    tokens: NamedDependency[AccessTokens],
    settings: NamedDependency[Settings],
) -> TokenPair:
    """Open a session; a user who waits for approval may, and sees only that."""
    lifetime = timedelta(days=settings.refresh_token_expire_days)
    session = await sessions.log_in(database, passwords, login_limit, data, origin_of(request), lifetime)
    return _token_pair(tokens, session)


@post("/refresh", status_code=200, opt=limited_as(RateGroup.LOGIN))
async def refresh(
    request: AnyRequest,
    data: JSONBody[RefreshRequest],
    database: NamedDependency[Database],
    tokens: NamedDependency[AccessTokens],
) -> TokenPair:
    """A new access token and the next refresh token; the one sent is used up."""
    return _token_pair(tokens, await sessions.refresh(database, data.refresh_token, origin_of(request)))


@post("/logout", guards=[known_session], status_code=204)
async def logout(
    request: AnyRequest, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> None:
    """End this session, in every process, with the next request."""
    async with database.transaction() as tx:
        await sessions.log_out(tx, principal, origin_of(request))


@get("/me", guards=[known_user])
async def me(principal: NamedDependency[Principal], database: NamedDependency[Database]) -> Me:
    """Who the caller is, also while waiting for approval, and what their key is good for."""
    async with database.transaction() as tx:
        user = service.user_info(await service.get_user(tx, principal.user_id))
    return Me(
        **{name: getattr(user, name) for name in UserInfo.__struct_fields__},
        signed_in_with="session" if principal.key_id is None else "api_key",
        scopes=join_scopes(principal.scopes),
        key_id=principal.key_id,
        key_prefix=principal.key_prefix,
        key_repo_ids=None if principal.repo_ids is None else sorted(principal.repo_ids),
    )


@post(
    "/password",
    guards=[web_user],
    status_code=204,
    opt={"audit": AuditAction.USER_PASSWORD_CHANGED, **limited_as(RateGroup.LOGIN)},
)
async def change_password(
    data: JSONBody[PasswordChange],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    passwords: NamedDependency[Passwords],
) -> None:
    """Set a new password; every other session of the account ends."""
    if not await sessions.current_password_matches(database, passwords, principal.user_id, data.current_password):
        raise errors.WrongPassword
    hashed = await passwords.hash(data.new_password)
    async with database.transaction() as tx:
        user = await service.get_user(tx, principal.user_id)
        await service.set_password(tx, user, hashed, actor, kept=principal.session_id)


@get("/", guards=[commissioner])
async def list_users(
    request: AnyRequest,
    database: NamedDependency[Database],
    in_state: InState = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> UserPage:
    """Everybody with an account, newest first."""
    refuse_null(request, "state")
    async with database.transaction() as tx:
        return await service.list_users(tx, state=in_state, limit=limit, cursor=cursor)


@patch("/{user_id:uuid}", guards=[commissioner], opt={"audit": AuditAction.USER_CHANGED})
async def change_user(
    user_id: FromPath[UUID],
    data: JSONBody[UserChange],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> UserInfo:
    """Approve, change the role, rename or retire; a retired user's sessions and keys stop at once."""
    async with database.transaction() as tx:
        user = await service.change_user(tx, user_id, data, actor)
        return service.user_info(user)


def _token_pair(tokens: AccessTokens, session: OpenSession) -> TokenPair:
    return TokenPair(
        access_token=tokens.issue(session.user_id, session.id, datetime.now(UTC)),
        refresh_token=session.refresh_token,
        expires_in=int(tokens.lifetime.total_seconds()),
        refresh_expires_at=session.expires_at,
    )


def _provide_passwords(state: State) -> Passwords:
    passwords: Passwords = state.passwords
    return passwords


def _provide_login_limit(state: State) -> LoginLimit:
    limit: LoginLimit = state.login_limit
    return limit


def _provide_tokens(state: State) -> AccessTokens:
    tokens: AccessTokens = state.access_tokens
    return tokens


auth_router = Router(
    "/auth",
    route_handlers=[register, login, refresh, logout, me, change_password],
    dependencies={
        "principal": Provide(provide_principal),
        "actor": Provide(provide_actor),
        "passwords": Provide(_provide_passwords, sync_to_thread=False),
        "login_limit": Provide(_provide_login_limit, sync_to_thread=False),
        "tokens": Provide(_provide_tokens, sync_to_thread=False),
    },
    cache_control=CacheControlHeader(no_store=True),
    tags=["auth"],
)

users_router = Router(
    "/users",
    route_handlers=[list_users, change_user],
    dependencies={"actor": Provide(provide_actor)},
    tags=["users"],
)
