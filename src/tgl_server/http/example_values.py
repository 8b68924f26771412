"""The ids, shas and times of the examples in the OpenAPI document, so that they fit each other across features."""

from datetime import UTC, datetime
from uuid import UUID

AT = datetime(2026, 1, 2, 11, 0, tzinfo=UTC)
USER_ID = UUID("019c2f6e-7b1a-7c3d-9e4f-0a1b2c3d4e5f")
OTHER_USER_ID = UUID("019c2f6e-7b1a-7c3d-9e4f-0a1b2c3d4e60")
KEY_ID = UUID("019c2f6e-8c2b-7d4e-8f50-1b2c3d4e5f60")
PROJECT_ID = UUID("019c2f6e-8d3c-7e5f-9061-2c3d4e5f6071")
REPO_ID = UUID("019c2f6e-8e4d-7f60-a172-3d4e5f607182")
RUN_ID = UUID("019c2f6e-8f5e-7071-b283-4e5f60718293")
HOOK_ID = UUID("5f0c1f0a-2b1e-4c57-9a46-3e5d1c6b7a80")
DELIVERY_ID = UUID("019c2f6e-9060-7182-8394-5f6071829304")
EVENT_ID = UUID("019c2f6e-9171-7293-8495-607182930415")
PARENT = "83baae61804e65cc73a7201a7252750c76066a30"
SHA = "9fceb02d0ae598e95dc970b74767f19372d61af8"
MISSING_SHA = "d670460b4b4aece5915caf5c68d12f560a9fe3e4"
