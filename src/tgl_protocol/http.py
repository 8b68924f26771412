"""The HTTP contract of client and server: paths, header names, media types, limits."""

from typing import Final

API_PREFIX: Final = "/api/v1"

# Raised when an old client or server could misunderstand a new one; additions alone do not raise it.
PROTOCOL_VERSION: Final = 1

#: The header that groups the batches of one push into one run; a UUID chosen by the client.
RUN_ID_HEADER: Final = "TGL-Run-Id"
REQUEST_ID_HEADER: Final = "X-Request-Id"
#: The header with which a key is made once, however often the request is sent.
IDEMPOTENCY_KEY_HEADER: Final = "Idempotency-Key"

JSON_MEDIA_TYPE: Final = "application/json"
MSGPACK_MEDIA_TYPE: Final = "application/msgpack"
#: One commit per line, for a stream of any length.
NDJSON_MEDIA_TYPE: Final = "application/x-ndjson"
PROBLEM_MEDIA_TYPE: Final = "application/problem+json"

MAX_COMMITS_PER_BATCH: Final = 1000
#: The feature in `capabilities` of a server that accepts streams.
COMMIT_STREAM: Final = "commit_stream"
#: The feature of a server that keeps how many of a commit's lines are those of generated files.
GENERATED_LINES: Final = "generated_lines"
#: The feature of a server that tells what leagues count today for whoever pushes to a repository.
LEAGUE_DAYS: Final = "league_days"
MAX_REFUSED_LINES: Final = 1000
MAX_RUN_ERRORS: Final = 100
MAX_MISSING_SHAS: Final = 50_000
MAX_REFS: Final = 10_000
#: The most root commits in a repository's status.
MAX_ROOTS_SHOWN: Final = 20
MAX_REF_NAME_LENGTH: Final = 1024

MAX_NAME_LENGTH: Final = 255
MAX_EMAIL_LENGTH: Final = 320
MAX_TITLE_LENGTH: Final = 500
MAX_BODY_LENGTH: Final = 65_536
MAX_RULES_NAME_LENGTH: Final = 50
MAX_INT: Final = 2**31 - 1
MAX_PARENTS: Final = 4096
MAX_CLIENT_VERSION_LENGTH: Final = 100
