"""Examples of accounts and sessions for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import timedelta

from msgspec import Struct
from msgspec.structs import asdict

from tgl_protocol import accounts
from tgl_server.http.example_values import AT, KEY_ID, USER_ID

_USER = accounts.UserInfo(
    id=USER_ID,
    email="ada@example.com",
    display_name="Ada Lovelace",
    role=accounts.Role.PLAYER,
    state=accounts.UserState.ACTIVE,
    created_at=AT,
)

EXAMPLES: list[Struct] = [
    accounts.Registration(email="ada@example.com", password="correct horse battery", display_name="Ada Lovelace"),  # noqa: S106 -- nobody's
    accounts.Credentials(email="ada@example.com", password="correct horse battery"),  # noqa: S106 -- nobody's
    accounts.RefreshRequest("tglr_bY2fH7Qm0kX9vR4sW1nJ6pL3"),
    accounts.TokenPair(
        access_token="eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl",  # noqa: S106 -- nobody's
        refresh_token="tglr_c8Zt5Gn1mY0wS6uX2oK7qM4d",  # noqa: S106 -- nobody's
        expires_in=1800,
        refresh_expires_at=AT + timedelta(days=30),
    ),
    accounts.PasswordChange("correct horse battery", "staples in a quiet lake"),
    _USER,
    accounts.Me(
        **asdict(_USER),
        signed_in_with="api_key",
        scopes="sync:commits,read:repos",
        key_id=KEY_ID,
        key_prefix="tgl_k3J9x2Qa",
        key_repo_ids=None,
    ),
    accounts.UserChange(state="active"),
    accounts.UserPage([_USER], None),
]
