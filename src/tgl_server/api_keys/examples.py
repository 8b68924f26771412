"""Examples of API keys for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import timedelta

from msgspec import Struct
from msgspec.structs import asdict

from tgl_protocol import api_keys
from tgl_server.http.example_values import AT, KEY_ID

KEY = api_keys.KeyInfo(
    id=KEY_ID,
    name="build server",
    prefix="tgl_k3J9x2Qa",
    scopes="sync:commits,read:repos",
    state=api_keys.KeyState.ACTIVE,
    is_active=True,
    created_at=AT,
    expires_at=AT + timedelta(days=90),
    revoked_at=None,
    rotated_to=None,
    repo_ids=None,
    networks=["203.0.113.0/24"],
    last_used_at=AT + timedelta(hours=1),
    last_used_ip="203.0.113.7",
    last_user_agent="tgl/0.1.0",
    usage_count=17,
)

EXAMPLES: list[Struct] = [
    api_keys.NewKey(name="build server", scopes="sync:commits", expires_in_days=90, networks=["203.0.113.0/24"]),
    api_keys.KeyChange(is_active=False),
    api_keys.KeyRotation(overlap_minutes=60),
    KEY,
    api_keys.CreatedKey(**asdict(KEY), full_key="tgl_k3J9x2Qa_shownOnceAndNeverAgain0123456789ABCDEFx1Y2z3"),
    api_keys.KeyPage([KEY], None),
    api_keys.KeyUsage([api_keys.KeyDay(AT.date(), uses=17, refused=0)]),
]
