"""`GET /metrics` for Prometheus: who may read it, and what is asked of the database at each scrape."""

import asyncio
import hmac
import platform
from collections.abc import Iterable, Mapping, Sequence

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy import RowMapping, text
from sqlalchemy.exc import SQLAlchemyError

import tgl_protocol
from tgl_protocol.commits import SyncStatus
from tgl_server import errors
from tgl_server.db.engine import Database
from tgl_server.metrics.shared import counted_registry
from tgl_server.origin import AnyConnection, client_ip, parse_address
from tgl_server.settings import MetricsAccess, Settings

# Prometheus gives up after ten seconds; what was counted is worth having without the database.
_DATABASE_SECONDS = 2.0
# With one of these a proxy on this machine speaks for somebody else.
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "via")

REPOS = text("""
    SELECT count(*) FILTER (WHERE sync_status = 'pending') AS pending,
           count(*) FILTER (WHERE sync_status = 'syncing') AS syncing,
           count(*) FILTER (WHERE sync_status = 'healthy') AS healthy,
           count(*) FILTER (WHERE sync_status = 'error') AS error,
           count(*) FILTER (WHERE coalesce(last_success_at, '-infinity')
                                  < now() - coalesce(expected_cadence, learned_cadence)) AS stale,
           CAST(coalesce(sum(total_commits), 0) AS bigint) AS commits
    FROM repos
""")


async def may_scrape(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """A guard: whoever has METRICS_TOKEN where it is set, else whom METRICS_ACCESS admits."""
    settings: Settings = connection.app.state.settings
    if settings.metrics_access is MetricsAccess.OFF:
        raise errors.NotFound
    if settings.metrics_token:
        if not _has_token(connection, settings.metrics_token):
            raise errors.MissingCredentials("Send `Authorization: Bearer <METRICS_TOKEN>`.")
    elif settings.metrics_access is MetricsAccess.LOCAL and not _is_local(connection):
        raise errors.NotFound


def _has_token(connection: AnyConnection, token: str) -> bool:
    given = connection.headers.get("authorization", "")
    return hmac.compare_digest(given.encode("latin-1", "replace"), f"Bearer {token}".encode())


def _is_local(connection: AnyConnection) -> bool:
    """The peer is this machine and speaks for itself."""
    address = parse_address(client_ip(connection.scope) or "")
    return address is not None and address.is_loopback and not any(name in connection.headers for name in _FORWARDED)


@get("/metrics", guards=[may_scrape], tags=["system"], media_type="text/plain")
async def metrics(request: Request[object, object, State], database: NamedDependency[Database]) -> Response[bytes]:
    """Prometheus metrics of all worker processes together."""
    scrape = _Scrape(await _look(database))
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    # Reads the files of all workers, so not in the event loop.
    body = await asyncio.to_thread(encode, scrape)
    return Response(body, media_type=media_type)


async def _look(database: Database) -> RowMapping | None:
    """One query over the repositories; None where the database is away."""
    try:
        async with asyncio.timeout(_DATABASE_SECONDS), database.statements() as connection:
            return (await connection.execute(REPOS)).mappings().one()
    except (SQLAlchemyError, OSError):  # a TimeoutError is an OSError
        return None


class _Scrape(Collector):
    """What was counted, and what is computed now."""

    def __init__(self, repos: RowMapping | None) -> None:
        self._repos = repos

    def collect(self) -> Iterable[Metric]:
        yield from counted_registry().collect()
        build = {"version": tgl_protocol.__version__, "python": platform.python_version()}
        yield _gauge("tgl_build_info", "Always 1; its labels say what runs.", [(build, 1)])
        yield _gauge("tgl_database_up", "Whether the database answered this scrape.", [({}, self._repos is not None)])
        if self._repos is not None:
            yield from _repo_metrics(self._repos)


def _repo_metrics(found: RowMapping) -> Iterable[Metric]:
    statuses = [({"status": status.value}, found[status]) for status in SyncStatus]
    yield _gauge("tgl_repos", "Repositories by sync status.", statuses)
    yield _gauge("tgl_repos_stale", "Repositories past their expected or learned cadence.", [({}, found["stale"])])
    yield _gauge("tgl_stored_commits", "Commits of all repositories, by their counters.", [({}, found["commits"])])


def _gauge(name: str, help_: str, samples: Sequence[tuple[Mapping[str, str], float]]) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=list(samples[0][0]))
    for labels, value in samples:
        family.add_metric(list(labels.values()), float(value))
    return family
