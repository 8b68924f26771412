"""The only wiring of the service: settings in, ASGI application out. Routers are listed by hand."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide

from tgl_protocol.http import API_PREFIX
from tgl_server.accounts.routes import auth_router, users_router
from tgl_server.api_keys.routes import api_keys_router
from tgl_server.audit.routes import audit_router
from tgl_server.auth.access_token import AccessTokens
from tgl_server.auth.api_key import ApiKeyAuthentication
from tgl_server.auth.argon2 import Argon2
from tgl_server.auth.passwords import Passwords
from tgl_server.auth.refusals import record_refusal
from tgl_server.auth.session import SessionAuthentication
from tgl_server.auth.usage import UsageCounter
from tgl_server.commits.routes import commits_router
from tgl_server.db.engine import Database
from tgl_server.draining import Draining
from tgl_server.edge import edge_options, rate_limits, stand_around
from tgl_server.ingest.routes import sync_router
from tgl_server.ingest.sweep import sweeping
from tgl_server.json_request import MAX_JSON_BYTES, JsonRequest
from tgl_server.logs import configure_logs
from tgl_server.metrics.sampling import sampled
from tgl_server.openapi import openapi_config
from tgl_server.problems import answer_problem
from tgl_server.projects.routes import projects_router
from tgl_server.scrape import metrics
from tgl_server.settings import Settings, secret_texts
from tgl_server.system import capabilities, health, ready
from tgl_server.tracing.switch import tracing


def create_app(settings: Settings, lifespan: Sequence[Any] = ()) -> Litestar:
    """One application with its own pool; the database is reached when the first request needs it."""
    configure_logs(settings.log_level, settings.log_format, secret_texts(settings))
    features = [auth_router, users_router, api_keys_router, projects_router, commits_router, sync_router, audit_router]
    api = Router(API_PREFIX, route_handlers=[capabilities, *features])
    app = Litestar(
        route_handlers=[health, ready, metrics, api],
        lifespan=[*tracing(settings), _services(settings), rate_limits(settings), *lifespan],
        exception_handlers={Exception: answer_problem},
        after_exception=[record_refusal],
        request_class=JsonRequest,
        request_max_body_size=MAX_JSON_BYTES,
        dependencies={
            "database": Provide(_provide_database, sync_to_thread=False),
            "settings": Provide(lambda: settings, sync_to_thread=False),
        },
        openapi_config=openapi_config(settings),
        logging_config=None,
        state=State({"settings": settings, "draining": Draining()}),
        **edge_options(settings),
    )
    app.asgi_handler = stand_around(app, settings)
    return app


def _provide_database(state: State) -> Database:
    database: Database = state.database
    return database


def _services(settings: Settings) -> Any:
    """What lives as long as the application: the pool, the Argon2 threads, the usage counts."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        database = Database(settings)
        argon2 = Argon2(settings)
        usage = UsageCounter(database, settings.api_key_usage_seconds)
        app.state.database = database
        app.state.argon2 = argon2
        app.state.api_keys = keys = ApiKeyAuthentication(database, argon2, settings.api_key_memory_seconds)
        app.state.usage = usage
        app.state.access_tokens = AccessTokens(settings)
        app.state.sessions = SessionAuthentication(database, app.state.access_tokens)
        app.state.passwords = await Passwords.create(argon2)
        try:
            async with (
                usage.flushing(),
                keys.renewal.running(),
                sampled(database, argon2),
                sweeping(database, settings),
            ):
                yield
        finally:
            argon2.close()
            await database.close()

    return lifespan
