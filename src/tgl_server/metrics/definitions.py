"""All metrics that are counted while the server works; those computed by a scrape are in `tgl_server.system.scrape`.

Each has at least one label. The library makes a metric without labels as soon as this module is imported: in the main
process, before the workers know where they count together (`metrics.shared`).

Label values come from small fixed sets: no repository, user, address, or path as it was sent.
"""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: The metrics of one process. With several, `metrics.shared` reads all of them.
REGISTRY = CollectorRegistry()

_REQUEST_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_PHASE_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)

HTTP_REQUESTS = Counter(
    "tgl_http_requests",
    "Requests answered; `route` is the template, `unmatched` where there is none; status 0 was cut before its answer.",
    ["route", "method", "status"],
    registry=REGISTRY,
)
HTTP_SECONDS = Histogram(
    "tgl_http_request_seconds",
    "From a request's head to the end of its answer, its body's arrival included.",
    ["route", "method"],
    buckets=_REQUEST_BUCKETS,
    registry=REGISTRY,
)
BATCHES = Counter(
    "tgl_ingest_batches",
    "Batches that were stored, or refused as a whole because of invalid commits.",
    ["outcome"],
    registry=REGISTRY,
)
COMMITS = Counter(
    "tgl_ingest_commits",
    "Commits inserted, skipped as known, or refused: invalid ones, and all of a batch that was refused.",
    ["outcome"],
    registry=REGISTRY,
)
PHASE_SECONDS = Histogram(
    "tgl_ingest_phase_seconds",
    "Where a stored batch's time went: read, decode, look_up, copy, count, commit; or merge.",
    ["phase"],
    buckets=_PHASE_BUCKETS,
    registry=REGISTRY,
)
ENDPOINT_ATTEMPTS = Counter(
    "tgl_endpoint_attempts",
    "Attempts to send an event to an endpoint, by outcome: delivered or failed.",
    ["outcome"],
    registry=REGISTRY,
)
MAIL_ATTEMPTS = Counter(
    "tgl_mail_attempts",
    "Attempts to send a mail, by outcome: sent, delayed, refused for good, or expired.",
    ["outcome"],
    registry=REGISTRY,
)
CHAT_ATTEMPTS = Counter(
    "tgl_chat_attempts",
    "Attempts to tell a chat, by outcome: taken, delayed, or given_up.",
    ["outcome"],
    registry=REGISTRY,
)
EVENT_STREAMS = Gauge(
    "tgl_event_streams",
    "Streams of events that are open, of all workers.",
    ["state"],
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
POOL_CONNECTIONS = Gauge(
    "tgl_db_pool_connections",
    "Database connections of all workers, looked at every second: in_use, idle, and unopened up to the limit.",
    ["state"],
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
STANDBY_WORKERS = Gauge(
    "tgl_standby_workers",
    "Workers with a DATABASE_READ_URL, looked at every second: used, where it answers what may be some seconds old, or "
    "not_used.",
    ["state"],
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
LIMITER_REFUSALS = Counter(
    "tgl_rate_limiter_refusals",
    "Requests answered 429, by the limit that they reached.",
    ["limit"],
    registry=REGISTRY,
)
LIMITER_UNAVAILABLE = Counter(
    "tgl_rate_limiter_unavailable",
    "Requests that passed without being counted, as the storage of the rate limits was away.",
    ["limit"],
    registry=REGISTRY,
)
ARGON2_WAITING = Gauge(
    "tgl_argon2_waiting",
    "Hashes and verifications that run or wait, in all workers, looked at every second.",
    ["queue"],
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
ARGON2_REFUSALS = Counter(
    "tgl_argon2_refusals",
    "Answered 503, as too many were waiting already.",
    ["queue"],
    registry=REGISTRY,
)
API_KEY_REFUSALS = Counter(
    "tgl_api_key_refusals",
    "Requests whose API key was refused, by the error's code.",
    ["reason"],
    registry=REGISTRY,
)


@cache
def counter(metric: Counter, *labels: str) -> Counter:
    """The counter with these labels, looked up once: the look-up costs as much as counting."""
    return metric.labels(*labels)


@cache
def histogram(metric: Histogram, *labels: str) -> Histogram:
    """The histogram with these labels, looked up once: the look-up costs as much as counting."""
    return metric.labels(*labels)
