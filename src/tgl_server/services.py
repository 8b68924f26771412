"""The services that live as long as the application: made once by `create_app`, and passed to what needs them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from limits import RateLimitItem
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import Provide
from msgspec import Struct

from tgl_server.auth.access_token import AccessTokens
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.authentication import Authentication
from tgl_server.auth.decoys import Decoys
from tgl_server.auth.keys.authenticate import ApiKeyAuthentication
from tgl_server.auth.passwords import Passwords
from tgl_server.auth.refresh_token import RefreshTokens
from tgl_server.auth.session import SessionAuthentication
from tgl_server.background import Heartbeat
from tgl_server.broker.wake_ups import WakeUps
from tgl_server.db.engine import Database
from tgl_server.db.versions import RepoVersions
from tgl_server.events.feed import EventFeed
from tgl_server.http.body_budget import BodyBudget
from tgl_server.http.draining import Draining
from tgl_server.limits.groups import RateGroup, group_limits
from tgl_server.limits.limiter import RateLimiter
from tgl_server.limits.login import LoginLimit
from tgl_server.logs.outages import Outage
from tgl_server.mail.service import Mailbox
from tgl_server.remotes.turns import ScanTurns
from tgl_server.sealing.sealer import Sealer
from tgl_server.settings import BY_ITSELF, Hosting, Settings

_KEY = "services"


class Services(Struct, frozen=True):
    """The services of an application; they connect when a request needs them, and `running` starts background work."""

    settings: Settings
    hosting: Hosting
    database: Database
    repo_versions: RepoVersions
    draining: Draining
    body_budget: BodyBudget
    sealer: Sealer
    mailbox: Mailbox
    scan_turns: ScanTurns
    wake_ups: WakeUps
    argon2: Argon2
    passwords: Passwords
    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    authentication: Authentication
    rate_limiter: RateLimiter
    group_limits: dict[RateGroup, RateLimitItem]
    login_limit: LoginLimit
    not_ready: Outage
    swept: Heartbeat
    event_feed: EventFeed

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Background work while the block runs; closes all services at the end."""
        await self.passwords.prepare()
        keys = self.authentication.api_keys
        try:
            async with keys.usage.flushing(), keys.renewal.running():
                yield
        finally:
            self.repo_versions.close()
            self.event_feed.close()
            self.argon2.close()
            self.wake_ups.close()
            await self.rate_limiter.close()
            await self.database.close()


def make_services(settings: Settings, hosting: Hosting = BY_ITSELF) -> Services:
    """The services of one application, each with the others that it needs."""
    database, argon2 = Database(settings), Argon2(settings)
    access_tokens, rate_limiter = AccessTokens(settings), RateLimiter(settings.rate_limit_storage)
    return Services(
        settings=settings,
        hosting=hosting,
        database=database,
        repo_versions=RepoVersions(database),
        draining=Draining(),
        body_budget=BodyBudget(max(settings.max_bodies_bytes, settings.max_body_bytes)),
        sealer=Sealer(settings.secrets_keys),
        mailbox=Mailbox(settings),
        scan_turns=ScanTurns(),
        wake_ups=WakeUps(settings.broker_url),
        argon2=argon2,
        passwords=Passwords(argon2, Decoys(database, argon2, settings)),
        access_tokens=access_tokens,
        refresh_tokens=RefreshTokens(settings),
        authentication=Authentication(
            api_keys=ApiKeyAuthentication(
                database, argon2, settings.api_key_memory_seconds, settings.api_key_usage_seconds
            ),
            sessions=SessionAuthentication(database, access_tokens),
        ),
        rate_limiter=rate_limiter,
        group_limits=group_limits(settings),
        login_limit=LoginLimit(rate_limiter, settings),
        not_ready=Outage("not_ready", "ready_again"),
        swept=Heartbeat(),
        event_feed=EventFeed(database),
    )


def services_state(services: Services) -> State:
    """The application's state for `Litestar(...)`, which holds the services."""
    return State({_KEY: services})


def services_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Services:
    """The services of the application that answers a request."""
    return cast("Services", connection.app.state[_KEY])


def service_dependencies(services: Services) -> dict[str, Provide]:
    """Each service as a dependency, which handlers ask for by its name."""
    return {name: _always(getattr(services, name)) for name in services.__struct_fields__}


def _always(service: Any) -> Provide:
    return Provide(lambda: service, sync_to_thread=False)
