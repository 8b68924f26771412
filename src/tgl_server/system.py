"""Is it alive, is it ready, what can it do."""

from datetime import UTC, datetime

from litestar import get
from litestar.di import NamedDependency
from sqlalchemy.exc import SQLAlchemyError

import tgl_protocol
from tgl_protocol import http
from tgl_protocol.commits import Capabilities, Limits
from tgl_server.db.engine import Database
from tgl_server.db.migrate import NotMigrated, check_migrated
from tgl_server.decompression import CONTENT_ENCODINGS
from tgl_server.errors import Unavailable
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.settings import Settings

OLDEST_CLIENT = "0.1.0"


@get("/health", tags=["system"], opt=limited_as(RateGroup.UNLIMITED), sync_to_thread=False)
def health() -> dict[str, str]:
    """The process is alive; says nothing about the database."""
    return {"status": "ok"}


@get("/ready", tags=["system"], opt=limited_as(RateGroup.UNLIMITED))
async def ready(database: NamedDependency[Database]) -> dict[str, str]:
    """The database can be reached and is migrated; else 503."""
    try:
        await check_migrated(database)
    except NotMigrated as error:
        raise Unavailable(str(error)) from None
    except (SQLAlchemyError, OSError):
        raise Unavailable from None
    return {"status": "ready"}


@get("/capabilities", tags=["system"], sync_to_thread=False)
def capabilities(settings: NamedDependency[Settings]) -> Capabilities:
    """Limits, encodings and versions, so that a client adapts instead of guessing."""
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
        features=[http.COMMIT_STREAM],
    )
