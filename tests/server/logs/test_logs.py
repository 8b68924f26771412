"""What is in the log, after everything that could bring a secret into it."""

from collections.abc import Callable
from urllib.parse import unquote

import pytest

from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.database import rows
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_protocol.keys import generate_api_key
from tgl_server.db.engine import Database
from tgl_server.logs.masking import mask_client_text, mask_secrets

PASSWORD = "correct-horse-battery-staple"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


@pytest.mark.parametrize("style", ["json", "console"])
async def test_the_log_has_no_secret_after_many_errors(
    start_server: Callable[..., RunningServer], world: World, style: str
) -> None:
    server = start_server(log_format=style, log_level="debug")
    stolen = generate_api_key().full_key
    await _provoke(server, world, stolen)
    await server.logged("last-request")
    log = server.log()
    assert not [secret for secret in (world.key, stolen, PASSWORD, JWT.split(".")[2]) if secret in log]


async def test_the_database_s_password_is_not_logged_when_it_is_refused(
    start_server: Callable[..., RunningServer], database_url: str
) -> None:
    password = "hunter2-of-the-database"
    with pytest.raises(AssertionError, match="did not start") as failed:
        start_server(database_url=f"postgresql://tgl:{password}@127.0.0.1:1/nowhere")
    assert password not in str(failed.value)


async def test_a_path_cannot_forge_a_line(server: RunningServer) -> None:
    async with Api(server.url) as api:
        await api.get("/x%0A2026-01-01T00:00:00Z%20forged", headers={"X-Request-Id": "forger"})
    assert "path=/x%0A2026-01-01T00:00:00Z%20forged" in await server.logged("forger")
    assert "\n2026-01-01T00:00:00Z forged" not in server.log()


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("key tgl_abcd1234_" + "s" * 46, "key tgl_abcd1234_***"),
        (f"Bearer {JWT}", "Bearer ***"),
        ("refresh tglr_" + "s" * 43, "refresh ***"),
        ("device tgld_" + "s-_" * 14, "device ***"),
        ("path=/x/tgl%5fabcd1234%5F" + "s" * 46, "path=/x/tgl%5fabcd1234_***"),
        (f"cut Bearer {JWT[:60]}", "cut Bearer ***"),
        ("postgresql://tgl:hunter2@db/tgl", "postgresql://tgl:***@db/tgl"),
        ("redis://:hunter2@cache", "redis://:***@cache"),
        ("host=db password=hunter2 dbname=tgl", "host=db password=*** dbname=tgl"),
        ("the literal is tr0ub4dor", "the literal is ***"),
        ("GET https://league.example/a:b@c", "GET https://league.example/a:b@c"),
    ],
)
def test_a_finished_line_is_masked(line: str, masked: str) -> None:
    assert mask_secrets(line, ["tr0ub4dor"]) == masked


@pytest.mark.parametrize("times", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "secret", ["tgl_abcd1234_" + "s" * 46, "tglr_" + "s" * 43, "tgld_" + "s" * 43, "whsec_" + "s/+" * 14 + "s=", JWT]
)
def test_a_secret_in_what_a_client_sent_is_masked_however_often_it_is_encoded(secret: str, times: int) -> None:
    sent = f"/x/{secret}"
    for _ in range(times):
        sent = "".join(f"%{byte:02X}" for byte in sent.encode())
    masked = mask_client_text(sent, 100_000)
    assert "***" in masked
    for _ in range(times):
        masked = unquote(masked)
    assert secret[-40:] not in masked


def test_what_a_client_sent_is_cut() -> None:
    assert len(mask_client_text("a" * 100_000)) == 1000


async def test_secrets_in_paths_reach_neither_the_audit_log_nor_the_access_log(
    server: RunningServer, database: Database, world: World
) -> None:
    key, refresh_token = generate_api_key().full_key, "tglr_" + "S3cret" * 8
    async with Api(server.url, world.key) as api:
        for secret in (key, key.replace("_", "%5F"), "".join(f"%{byte:02x}" for byte in key.encode()), refresh_token):
            await api.request("DELETE", f"/api/v1/projects/{secret}", headers={"User-Agent": unquote(secret)})
        await api.get("/health", headers={"X-Request-Id": "after-the-secrets"})
    entries = await rows(database, "SELECT CAST(audit_logs AS text) FROM audit_logs")
    await server.logged("after-the-secrets")
    assert len(entries) > 4
    for kept in (str(entries), unquote(server.log())):
        assert key not in kept
        assert "S3cretS3cret" not in kept


async def _provoke(server: RunningServer, world: World, stolen: str) -> None:
    """Refusals of every kind, with secrets wherever a careless client puts them."""
    path = f"{world.sync_path}/commits"
    for token in (world.key, stolen, world.key[:-1], JWT, f"{world.key}x"):
        async with Api(server.url, token) as api:
            await api.post(path, batch(commit(sha="bad")))
            await api.get(f"{world.sync_path}/status?api_key={token}&password={PASSWORD}")
            await api.get(f"/api/v1/{token}")
            await api.get("/health", headers={"User-Agent": token, "X-Request-Id": token, "Cookie": f"k={token}"})
            await api.post("/api/v1/auth/login", {"email": "ada@example.com", "password": PASSWORD})
            await api.post("/api/v1/auth/login", {"email": token, "password": [PASSWORD]})
            await api.post("/api/v1/auth/refresh", {"refresh_token": token})
    async with Api(server.url) as api:
        await api.get("/health", headers={"X-Request-Id": "last-request"})
