"""`GET /metrics` for Prometheus: who may read it, and what each scrape asks the database."""

import asyncio
import hmac
import platform
from collections.abc import Iterable, Mapping, Sequence

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from msgspec import Struct
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy import RowMapping
from sqlalchemy.exc import SQLAlchemyError

import tgl_protocol
from tgl_protocol.commits import SyncStatus
from tgl_server import errors
from tgl_server.auth.bearer import bearer_token
from tgl_server.chat.service import waiting_notices
from tgl_server.db.engine import Database
from tgl_server.endpoints.service import backlog_of
from tgl_server.followers.follower import Followers
from tgl_server.followers.service import Lag, lag_of
from tgl_server.http.client_address import AnyConnection, client_ip, parse_address, parse_networks
from tgl_server.http.declarations import TokenScheme, admits_anyone, answers_text
from tgl_server.mail.service import Waiting, waiting_mails
from tgl_server.metrics.shared import counted_registry
from tgl_server.pull.failures import Code
from tgl_server.pull.operating import PullFigures, pull_figures
from tgl_server.remotes import Reason
from tgl_server.services import services_of
from tgl_server.settings import MetricsAccess, Settings
from tgl_server.system import queries

# Prometheus gives up after ten seconds; the counters are worth having even without the database.
_DATABASE_SECONDS = 2.0
# A request with one of these headers comes from somebody else, through a proxy on this machine.
_FORWARDED = ("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip")
_FORWARDED_START = "x-forwarded-"
_LOOPBACK = parse_networks(("127.0.0.0/8", "::1"))


class _Seen(Struct, frozen=True):
    repos: RowMapping
    lag: dict[str, Lag]
    pulls: PullFigures
    messages: RowMapping
    mails: Waiting
    chats: RowMapping


@admits_anyone(
    errors.NotFound,
    errors.MissingCredentials,
    token=TokenScheme("metricsToken", "The setting METRICS_TOKEN, where it is set."),
)
async def may_scrape(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Admit who sends METRICS_TOKEN where it is set, and otherwise whom METRICS_ACCESS admits."""
    settings = services_of(connection).settings
    if settings.metrics_access is MetricsAccess.OFF:
        raise errors.NotFound
    if settings.metrics_token:
        if not _has_token(connection, settings.metrics_token):
            raise errors.MissingCredentials("Send `Authorization: Bearer <METRICS_TOKEN>`.")
    elif settings.metrics_access is MetricsAccess.LOCAL and not _is_local(connection):
        raise errors.NotFound


def _has_token(connection: AnyConnection, token: str) -> bool:
    given = bearer_token(connection.headers.get("authorization", "")) or ""
    return hmac.compare_digest(given.encode("latin-1", "replace"), token.encode())


def _is_local(connection: AnyConnection) -> bool:
    """True for a request that this machine sends for itself, as far as can be seen.

    A trusted proxy on this machine says whom each request is from. One without that is the proxy's, whoever sent it.
    """
    address = parse_address(client_ip(connection.scope) or "")
    if address is None or not address.is_loopback or _has_proxy(services_of(connection).settings):
        return False
    return not any(name in _FORWARDED or name.startswith(_FORWARDED_START) for name in connection.headers)


def _has_proxy(settings: Settings) -> bool:
    """True if a trusted proxy is on this machine."""
    trusted = parse_networks(settings.trusted_proxies)
    return any(network.overlaps(loopback) for network in trusted for loopback in _LOOPBACK)


@get(
    "/metrics",
    guards=[may_scrape],
    tags=["system"],
    media_type="text/plain",
    opt=answers_text("text/plain", "application/openmetrics-text"),
)
async def metrics(
    request: Request[object, object, State],
    database: NamedDependency[Database],
    followers: NamedDependency[Followers],
) -> Response[bytes]:
    """Prometheus metrics of all worker processes together."""
    scrape = _Scrape(await _look(database, followers))
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    # Reads the files of all workers, so not in the event loop.
    body = await asyncio.to_thread(encode, scrape)
    return Response(body, media_type=media_type)


async def _look(database: Database, followers: Followers) -> _Seen | None:
    """The results of a few queries over the repositories and the messages; None where the database does not answer."""
    try:
        async with asyncio.timeout(_DATABASE_SECONDS), database.statements() as connection:
            repos = (await connection.execute(queries.REPOS)).mappings().one()
            return _Seen(
                repos=repos,
                lag=await lag_of(connection, followers),
                pulls=await pull_figures(connection),
                messages=await backlog_of(connection),
                mails=await waiting_mails(connection),
                chats=await waiting_notices(connection),
            )
    except (SQLAlchemyError, OSError):  # a TimeoutError is an OSError
        return None


class _Scrape(Collector):
    """One scrape: the counters of all workers, and the gauges computed now."""

    def __init__(self, seen: _Seen | None) -> None:
        self._seen = seen

    def collect(self) -> Iterable[Metric]:
        yield from counted_registry().collect()
        build = {"version": tgl_protocol.__version__, "python": platform.python_version()}
        yield _gauge("tgl_build_info", "Always 1; its labels say what runs.", [(build, 1)])
        yield _gauge("tgl_database_up", "Whether the database answered this scrape.", [({}, self._seen is not None)])
        if self._seen is not None:
            yield from _repo_metrics(self._seen.repos)
            yield from _lag_metrics(self._seen.lag)
            yield from _pull_metrics(self._seen.pulls)
            yield from _message_metrics(self._seen.messages)
            yield from _told_metrics(self._seen.mails, self._seen.chats)


def _repo_metrics(found: RowMapping) -> Iterable[Metric]:
    statuses = [({"status": status.value}, found[status]) for status in SyncStatus]
    yield _gauge("tgl_repos", "Repositories by sync status.", statuses)
    yield _gauge("tgl_repos_stale", "Repositories past their expected or learned cadence.", [({}, found["stale"])])
    yield _gauge("tgl_stored_commits", "Commits of all repositories, by their counters.", [({}, found["commits"])])


def _lag_metrics(lag: Mapping[str, Lag]) -> Iterable[Metric]:
    rows = [({"follower": name}, float(each.rows)) for name, each in lag.items()]
    seconds = [({"follower": name}, each.seconds) for name, each in lag.items()]
    yield _gauge("tgl_follower_lag_rows", "Rows of the ingest log that a follower has not followed yet.", rows)
    yield _gauge("tgl_follower_lag_seconds", "The age of the oldest of them.", seconds)


def _pull_metrics(found: PullFigures) -> Iterable[Metric]:
    states = [({"state": state}, getattr(found, state)) for state in ("due", "queued", "running", "paused")]
    codes = [({"code": code}, found.failures.get(code, 0)) for code in sorted({*Code, *Reason})]
    workers = [({"kind": "broker"}, found.broker_workers), ({"kind": "database"}, found.own_workers)]
    about = "Pulled repositories that are due, handed out to a worker, pulled now, or paused."
    yield _gauge("tgl_pulls", about, states)
    yield _gauge("tgl_pull_oldest_due_seconds", "How long the one that waits longest waits.", [({}, found.oldest)])
    yield _gauge("tgl_pull_failing", "Pulled repositories whose last pull failed, by the kind of failure.", codes)
    yield _gauge("tgl_pull_mirror_bytes", "Bytes of the mirrors of all repositories.", [({}, found.mirror_bytes)])
    yield _gauge("tgl_pull_workers", "Workers seen in the last 45 seconds, by where they look for work.", workers)
    yield _gauge("tgl_pulls_are_paused", "Whether somebody paused all pulls.", [({}, found.paused_at is not None)])


def _message_metrics(found: RowMapping) -> Iterable[Metric]:
    states = [({"state": state}, found[state]) for state in ("pending", "failed")]
    yield _gauge("tgl_endpoint_messages", "Events for endpoints that wait, or were given up and are kept.", states)
    age = found["oldest_seconds"]
    yield _gauge("tgl_endpoint_oldest_seconds", "The age of the oldest event that waits for its endpoint.", [({}, age)])


def _told_metrics(mails: Waiting, chats: RowMapping) -> Iterable[Metric]:
    yield _gauge("tgl_mails_waiting", "Mails that wait for the mail server.", [({}, mails.number)])
    yield _gauge("tgl_mail_oldest_seconds", "The age of the oldest of them.", [({}, mails.seconds)])
    yield _gauge("tgl_chat_notices_waiting", "What chats are still to be told.", [({}, chats["waiting"])])
    yield _gauge("tgl_chat_oldest_seconds", "The age of the oldest of it.", [({}, chats["oldest_seconds"])])
    yield _gauge("tgl_chats_switched_off", "Chats that answered that they are gone.", [({}, chats["switched_off"])])


def _gauge(name: str, help_: str, samples: Sequence[tuple[Mapping[str, str], float]]) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=list(samples[0][0]))
    for labels, value in samples:
        family.add_metric(list(labels.values()), float(value))
    return family
