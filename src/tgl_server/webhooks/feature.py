"""The webhooks feature as the application sees it: routes, audit actions, examples."""

from tgl_server.errors import NotFound
from tgl_server.http.feature import Feature
from tgl_server.sealing.columns import SealedColumn
from tgl_server.webhooks.actions import WebhookAction
from tgl_server.webhooks.examples import EXAMPLES
from tgl_server.webhooks.routes import webhooks_in_router, webhooks_router

webhooks = Feature(
    routers=(webhooks_in_router, webhooks_router),
    tags={"webhooks": "Webhooks of forges, which tell of a push"},
    constraints={"fk_webhook_seen_hook_id": NotFound("The webhook was deleted meanwhile.")},
    actions=WebhookAction,
    sealed=(SealedColumn("webhooks", "sealed", "id"), SealedColumn("webhooks", "old_sealed", "id")),
    examples=EXAMPLES,
)
