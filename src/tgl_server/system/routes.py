"""The routes for health, readiness and capabilities."""

from datetime import UTC, datetime

from litestar import get
from litestar.di import NamedDependency
from sqlalchemy.exc import SQLAlchemyError

import tgl_protocol
from tgl_protocol import http
from tgl_protocol.commits import Capabilities, Limits
from tgl_server.db.embedded import NoRoom, check_room
from tgl_server.db.engine import Database
from tgl_server.db.migrate import NotMigrated, ReadOnly, check_migrated, check_writable
from tgl_server.errors import Unavailable
from tgl_server.http.database_errors import database_refusal
from tgl_server.http.declarations import always_available, takes_any_query
from tgl_server.http.decompression import CONTENT_ENCODINGS
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.logs.outages import Outage
from tgl_server.settings import Hosting, Settings

OLDEST_CLIENT = "0.1.0"

# Whoever watches the service may add to the address what defeats caches.
PROBE = limited_as(RateGroup.UNLIMITED) | takes_any_query()


@get("/health", tags=["system"], opt=PROBE | always_available(), sync_to_thread=False)
def health() -> dict[str, str]:
    """Say that the process is alive, which says nothing about the database."""
    return {"status": "ok"}


@get("/ready", tags=["system"], opt=PROBE)
async def ready(
    database: NamedDependency[Database], hosting: NamedDependency[Hosting], not_ready: NamedDependency[Outage]
) -> dict[str, str]:
    """The database can be reached, is migrated and takes writes, and an embedded one has room on its disk; else 503."""
    refusal = await reason_not_to_serve(database, hosting)
    if refusal is not None:
        not_ready.note(reason=refusal.detail)
        raise refusal
    not_ready.end()
    return {"status": "ready"}


async def reason_not_to_serve(database: Database, hosting: Hosting) -> Unavailable | None:
    """What keeps the server from storing a push now; None for nothing."""
    try:
        if hosting.data_dir is not None:
            check_room(hosting.data_dir)
        await check_migrated(database)
        await check_writable(database)
    except (NotMigrated, ReadOnly, NoRoom) as error:
        return Unavailable(str(error))
    except (SQLAlchemyError, OSError) as error:
        return database_refusal(error) or Unavailable()
    return None


@get("/capabilities", tags=["system"], sync_to_thread=False)
def capabilities(settings: NamedDependency[Settings]) -> Capabilities:
    """List limits, encodings and versions, so that a client adapts instead of guessing."""
    return Capabilities(
        server_version=tgl_protocol.__version__,
        protocol_version=http.PROTOCOL_VERSION,
        oldest_client=OLDEST_CLIENT,
        server_time=datetime.now(UTC),
        limits=Limits(
            commits_per_batch=http.MAX_COMMITS_PER_BATCH,
            body_bytes=settings.max_body_bytes,
            missing_shas=http.MAX_MISSING_SHAS,
            refs=http.MAX_REFS,
            sync_requests_per_minute=settings.sync_requests_per_minute,
        ),
        content_encodings=list(CONTENT_ENCODINGS),
        media_types=[http.JSON_MEDIA_TYPE, http.MSGPACK_MEDIA_TYPE, http.NDJSON_MEDIA_TYPE],
        features=[http.COMMIT_STREAM, http.LEAGUE_DAYS, http.GENERATED_LINES],
    )
