"""Examples of webhooks for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import timedelta

from msgspec import Struct

from tgl_protocol import webhooks
from tgl_server.http.example_values import AT, DELIVERY_ID, HOOK_ID, RUN_ID, SHA

_URL = f"https://league.example/api/v1/webhooks/{HOOK_ID}"
_DELIVERY = webhooks.Delivery(
    id=DELIVERY_ID,
    received_at=AT,
    delivery_id="72d3162e-cc78-11e3-81ab-4c9367dc0958",
    event="push",
    outcome=webhooks.DeliveryOutcome.PULL_REQUESTED,
    reason=None,
    status=202,
    run_id=RUN_ID,
)

EXAMPLES: list[Struct] = [
    webhooks.NewWebhook(kind=webhooks.WebhookKind.GITHUB),
    webhooks.WebhookRotation(overlap_minutes=60),
    webhooks.WebhookSecret(
        id=HOOK_ID,
        kind=webhooks.WebhookKind.GITHUB,
        url=_URL,
        secret="whsec_c2hvd24gb25jZSwgYW5kIG5ldmVyIGFnYWluIGJ5IHVz",  # noqa: S106 -- an example
        old_secret_until=None,
    ),
    webhooks.WebhookList(
        [
            webhooks.WebhookInfo(
                id=HOOK_ID,
                kind=webhooks.WebhookKind.GITHUB,
                url=_URL,
                created_at=AT - timedelta(days=30),
                rotated_at=AT - timedelta(hours=1),
                old_secret_until=AT + timedelta(hours=23),
                last_received_at=AT,
                last_status=202,
            )
        ]
    ),
    webhooks.WebhookDeleted(HOOK_ID),
    webhooks.DeliveryPage([_DELIVERY], None),
    webhooks.PushEvent(
        type="push", repository="https://git.example.com/team/linux.git", ref="refs/heads/main", after=SHA
    ),
    webhooks.DeliveryAnswer(outcome=webhooks.DeliveryOutcome.PULL_REQUESTED, run_id=RUN_ID),
]
