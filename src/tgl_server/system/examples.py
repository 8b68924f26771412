"""Examples of capabilities for the OpenAPI document: a type checker sees when one is outdated."""

from msgspec import Struct

from tgl_protocol import commits, http
from tgl_server.http.example_values import AT

EXAMPLES: list[Struct] = [
    commits.Capabilities(
        server_version="0.1.0",
        protocol_version=http.PROTOCOL_VERSION,
        oldest_client="0.1.0",
        server_time=AT,
        limits=commits.Limits(http.MAX_COMMITS_PER_BATCH, 32 * 1024 * 1024, http.MAX_MISSING_SHAS, http.MAX_REFS, 100),
        content_encodings=["gzip", "zstd"],
        media_types=[http.JSON_MEDIA_TYPE, http.MSGPACK_MEDIA_TYPE, http.NDJSON_MEDIA_TYPE],
        features=[http.COMMIT_STREAM, http.LEAGUE_DAYS, http.GENERATED_LINES],
    ),
]
