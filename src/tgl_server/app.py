"""The wiring of the service: settings in, ASGI application out. `features.py` lists the features."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from functools import partial

from litestar import Litestar, Router
from litestar.di import Provide

from tgl_protocol.http import API_PREFIX
from tgl_server.access.dependencies import REQUEST_DEPENDENCIES
from tgl_server.access.refusals import record_refusal
from tgl_server.api_keys.key_events import telling_expiry
from tgl_server.audit_logs.retention import pruning
from tgl_server.chat.background import telling_chats
from tgl_server.db.watching import watching_standby
from tgl_server.device.sweep import forgetting
from tgl_server.endpoints.background import sending
from tgl_server.events.relay import relaying
from tgl_server.features import FEATURES, FOLLOWERS
from tgl_server.followers.follower import Followers
from tgl_server.followers.runner import following
from tgl_server.http.feature import Feature, gather, keep_features
from tgl_server.http.json_request import MAX_JSON_BYTES, JsonRequest
from tgl_server.http.problems import problem_answerer
from tgl_server.http.query_names import names_checked
from tgl_server.ingest.sweep import sweeping
from tgl_server.leagues.keeping import keeping_seasons
from tgl_server.logs import configure_logs
from tgl_server.mail.sending import sending_mails
from tgl_server.metrics.sampling import sampled
from tgl_server.middleware import inner_middleware, outer_middleware
from tgl_server.notifications.background import notifying
from tgl_server.openapi import openapi_config
from tgl_server.players.joining import joining
from tgl_server.services import Services, make_services, service_dependencies, services_state
from tgl_server.settings import BY_ITSELF, Hosting, Settings, secret_texts
from tgl_server.tracing.switch import Traces
from tgl_server.webhooks.sweep import sweeping_webhooks

#: Work that begins and ends with each worker.
Lifespan = Callable[[Services, Litestar], AbstractAsyncContextManager[None]]


def create_app(
    settings: Settings,
    lifespan: Sequence[Lifespan] = (),
    features: Sequence[Feature] = FEATURES,
    followers: Followers = FOLLOWERS,
    hosting: Hosting = BY_ITSELF,
) -> Litestar:
    """An application with a connection pool of its own; it connects when the first request needs the database."""
    configure_logs(settings.log_level, settings.log_format, secret_texts(settings))
    services, traces, found = make_services(settings, hosting), Traces(settings), gather(features)
    state = services_state(services)
    keep_features(state, found)
    check_names = names_checked()
    app = Litestar(
        route_handlers=[*found.at_root, Router(API_PREFIX, route_handlers=found.routers)],
        lifespan=[_running(services, traces, followers), *(partial(begin, services) for begin in lifespan)],
        exception_handlers={Exception: problem_answerer(found.constraints)},
        before_request=check_names,
        after_exception=[record_refusal],
        request_class=JsonRequest,
        request_max_body_size=MAX_JSON_BYTES,
        dependencies={
            **service_dependencies(services),
            **REQUEST_DEPENDENCIES,
            "followers": Provide(lambda: followers, sync_to_thread=False),
        },
        openapi_config=openapi_config(settings, check_names),
        logging_config=None,
        state=state,
        **inner_middleware(services),
    )
    app.asgi_handler = outer_middleware(app.asgi_handler, services, traces)
    return app


def _running(
    services: Services, traces: Traces, followers: Followers
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """The lifespan of everything that runs beside the requests; traces end last, so that they include all the rest."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        database, settings = services.database, services.settings
        async with (
            traces.exported(),
            services.running(),
            watching_standby(database),
            sampled(database, services.argon2),
            sweeping(database, settings, services.swept),
            pruning(database, settings),
            forgetting(database, settings),
            sweeping_webhooks(database, settings),
            telling_expiry(database, settings),
            relaying(database, timedelta(days=settings.events_retention_days)),
            sending_mails(database, services.mailbox, settings),
            sending(database, services.sealer, settings),
            notifying(database, services.mailbox, settings),
            telling_chats(database, services.sealer, settings),
            following(database, followers, settings),
            keeping_seasons(database, settings),
            joining(database, settings),
        ):
            yield

    return lifespan
