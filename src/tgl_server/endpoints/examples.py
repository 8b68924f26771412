"""Examples of endpoints for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import timedelta

from msgspec import Struct

from tgl_protocol import endpoints
from tgl_protocol.events import EventType
from tgl_server.http.example_values import AT, DELIVERY_ID, EVENT_ID, HOOK_ID, REPO_ID

_URL = "https://receiver.example/events"
_DELIVERY = endpoints.EventDelivery(
    id=DELIVERY_ID,
    message_id=EVENT_ID,
    type=EventType.REPO_STALE,
    repo_id=REPO_ID,
    state=endpoints.DeliveryState.PENDING,
    created_at=AT - timedelta(minutes=5),
    attempts=1,
    next_attempt_at=AT + timedelta(minutes=5),
    last_attempt_at=AT,
    last_status=503,
    last_error="the receiver answered 503",
    last_answer="back in a minute",
    body='{"type":"repo.stale","timestamp":"2026-01-02T10:55:00Z","data":{}}',
)
_INFO = endpoints.EndpointInfo(
    id=HOOK_ID,
    url=_URL,
    types=[EventType.REPO_STALE, EventType.REPO_RECOVERED],
    is_active=True,
    switched_off_reason=None,
    created_at=AT - timedelta(days=30),
    rotated_at=AT - timedelta(hours=1),
    old_secret_until=AT + timedelta(hours=23),
    pending=1,
    failed=0,
    last_status=503,
    last_attempt_at=AT,
)

EXAMPLES: list[Struct] = [
    endpoints.NewEndpoint(url=_URL, types=[EventType.REPO_STALE, EventType.REPO_RECOVERED]),
    endpoints.EndpointChange(is_active=False),
    endpoints.EndpointRotation(overlap_minutes=60),
    endpoints.EndpointSecret(
        id=HOOK_ID,
        url=_URL,
        secret="whsec_c2hvd24gb25jZSwgYW5kIG5ldmVyIGFnYWluIGJ5IHVz",  # noqa: S106 -- an example
        old_secret_until=None,
    ),
    _INFO,
    endpoints.EndpointList([_INFO]),
    endpoints.EndpointDeleted(HOOK_ID),
    endpoints.EventDeliveryPage([_DELIVERY], None),
    endpoints.DeliveryQueued(delivery_id=DELIVERY_ID),
]
