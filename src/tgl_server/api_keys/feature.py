"""The API keys feature as the application sees it: routes, audit actions, examples."""

from tgl_server.api_keys.actions import ApiKeyAction
from tgl_server.api_keys.examples import EXAMPLES
from tgl_server.api_keys.routes import api_keys_router
from tgl_server.errors import Conflict
from tgl_server.http.feature import Feature

api_keys = Feature(
    routers=(api_keys_router,),
    tags={"api-keys": "The caller's own API keys; a key can never make or change keys"},
    constraints={
        "uq_api_keys_user_id_idempotency_hash": Conflict(
            "Another request with this Idempotency-Key made a key at this moment; list your keys to see it."
        ),
    },
    actions=ApiKeyAction,
    examples=EXAMPLES,
)
