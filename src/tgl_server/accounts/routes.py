"""The routes for signing in and out under `/auth`, and for commissioners under `/users`."""

from datetime import timedelta
from typing import Annotated, Any

from litestar import Request, Router, get, patch, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import JSONBody, QueryParameter

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
from tgl_server.access.callers import commissioner, known_session, known_user, session_user
from tgl_server.access.path_names import UserId
from tgl_server.access.refusals import audited_as
from tgl_server.accounts import service, sessions
from tgl_server.accounts.actions import AccountAction
from tgl_server.accounts.sessions import OpenSession
from tgl_server.audit.service import Actor
from tgl_server.auth.access_token import AccessTokens
from tgl_server.auth.passwords import Passwords
from tgl_server.auth.principal import Principal, join_scopes
from tgl_server.auth.refresh_token import RefreshTokens
from tgl_server.db.engine import Database
from tgl_server.http.client_address import AnyConnection, origin_of
from tgl_server.http.created import Created
from tgl_server.http.declarations import admits_anyone, answers
from tgl_server.http.null_parameters import refuse_null
from tgl_server.http.pagination import Cursor, Limit
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.limits.login import LoginLimit
from tgl_server.services import services_of
from tgl_server.settings import Settings

AnyRequest = Request[Any, Any, Any]
# Litestar reserves the argument name `state`.
InState = Annotated[UserState | None, QueryParameter(name="state", description="Only users in this state")]


@admits_anyone(errors.Forbidden)
async def registration_open(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Anyone, as long as registration is switched on."""
    if not services_of(connection).settings.registration_open:
        raise errors.Forbidden("Registration is switched off; ask a commissioner for an account.")


@post("/register", guards=[registration_open], opt=limited_as(RateGroup.LOGIN) | answers(errors.Conflict))
async def register(
    request: AnyRequest,
    data: JSONBody[Registration],
    database: NamedDependency[Database],
    passwords: NamedDependency[Passwords],
) -> Created[UserInfo]:
    """Ask for an account; it waits for a commissioner's approval."""
    user = await service.register(database, passwords, data, origin_of(request))
    return Created(user, "users", user.id)


@post(
    "/login",
    status_code=200,
    opt=limited_as(RateGroup.LOGIN) | answers(errors.InvalidCredentials, errors.AccountNotActive),
)
async def login(
    request: AnyRequest,
    data: JSONBody[Credentials],
    database: NamedDependency[Database],
    passwords: NamedDependency[Passwords],
    login_limit: NamedDependency[LoginLimit],
    access_tokens: NamedDependency[AccessTokens],
    refresh_tokens: NamedDependency[RefreshTokens],
    settings: NamedDependency[Settings],
) -> TokenPair:
    """Open a session; a user who waits for approval may, and sees only that."""
    lifetime = timedelta(days=settings.refresh_token_expire_days)
    origin = origin_of(request)
    session = await sessions.log_in(database, passwords, login_limit, refresh_tokens, data, origin, lifetime)
    return _token_pair(access_tokens, session)


@post(
    "/refresh",
    status_code=200,
    opt=limited_as(RateGroup.LOGIN) | answers(errors.InvalidCredentials, errors.SessionEnded),
)
async def refresh(
    request: AnyRequest,
    data: JSONBody[RefreshRequest],
    database: NamedDependency[Database],
    access_tokens: NamedDependency[AccessTokens],
    refresh_tokens: NamedDependency[RefreshTokens],
) -> TokenPair:
    """Get a new access token and the next refresh token; the one sent is used up.

    The same client may repeat the request for ten seconds, and gets the same refresh token again.
    """
    session = await sessions.refresh(database, refresh_tokens, data.refresh_token, origin_of(request))
    return _token_pair(access_tokens, session)


@post("/logout", guards=[known_session], status_code=204)
async def logout(
    request: AnyRequest, principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> None:
    """End this session, in every process, with the next request."""
    async with database.transaction() as tx:
        await sessions.log_out(tx, principal, origin_of(request))


@get("/me", guards=[known_user])
async def me(principal: NamedDependency[Principal], database: NamedDependency[Database]) -> Me:
    """Show the caller's account, even while it waits for approval, and the rights of their key."""
    async with database.transaction() as tx:
        user = await service.get_user(tx, principal.user_id)
    return Me(
        id=user.id,
        email=user.email if principal.sees_people else None,
        display_name=user.display_name if principal.sees_people else None,
        role=Role(user.role),
        state=UserState(user.state),
        created_at=user.created_at,
        signed_in_with="session" if principal.key_id is None else "api_key",
        scopes=join_scopes(principal.scopes),
        key_id=principal.key_id,
        key_prefix=principal.key_prefix,
        key_repo_ids=None if principal.repo_ids is None else sorted(principal.repo_ids),
    )


@post(
    "/password",
    guards=[session_user],
    status_code=204,
    opt=audited_as(AccountAction.USER_PASSWORD_CHANGED) | limited_as(RateGroup.LOGIN) | answers(errors.WrongPassword),
)
async def change_password(
    data: JSONBody[PasswordChange],
    principal: NamedDependency[Principal],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
    passwords: NamedDependency[Passwords],
) -> None:
    """Set a new password; every other session of the account ends."""
    await sessions.change_password(database, passwords, principal, data, actor)


@get("/", guards=[commissioner])
async def list_users(
    request: AnyRequest,
    database: NamedDependency[Database],
    in_state: InState = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> UserPage:
    """List all accounts, newest first."""
    refuse_null(request, "state")
    async with database.transaction() as tx:
        return await service.list_users(tx, state=in_state, limit=limit, cursor=cursor)


@get("/{user_id:uuid}", guards=[commissioner])
async def get_user(user_id: UserId, database: NamedDependency[Database]) -> UserInfo:
    """Show one account."""
    async with database.transaction() as tx:
        return service.user_info(await service.get_user(tx, user_id))


@patch("/{user_id:uuid}", guards=[commissioner], opt=audited_as(AccountAction.USER_CHANGED) | answers(errors.Conflict))
async def change_user(
    user_id: UserId,
    data: JSONBody[UserChange],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> UserInfo:
    """Approve, rename or retire a user, or change their role; a retired user's sessions and keys stop at once."""
    async with database.transaction() as tx:
        user = await service.change_user(tx, user_id, data, actor)
        return service.user_info(user)


def _token_pair(tokens: AccessTokens, session: OpenSession) -> TokenPair:
    return TokenPair(
        access_token=tokens.issue(session.user_id, session.id, session.now),
        refresh_token=session.refresh_token,
        expires_in=int(tokens.lifetime.total_seconds()),
        refresh_expires_at=session.expires_at,
    )


auth_router = Router(
    "/auth",
    route_handlers=[register, login, refresh, logout, me, change_password],
    cache_control=CacheControlHeader(no_store=True),
    tags=["auth"],
)

users_router = Router(
    "/users",
    route_handlers=[list_users, get_user, change_user],
    tags=["users"],
)
