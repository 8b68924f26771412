"""What whoever opens the embedded PostgreSQL gets: two URLs, a safe cluster, and settings."""

import asyncio
import sys
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support.postgres import NO_FSYNC, ask_postgres
from tests.support.processes import is_pid_alive
from tgl_server.db.embedded import EmbeddedPostgres, PlatformRefused, embedded_postgres


def test_the_url_serves_sqlalchemy(data_dir: Path) -> None:
    async def fetch(url: str) -> str:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            row = (await connection.execute(text("select current_user || '@' || current_database()"))).scalar_one()
        await engine.dispose()
        return str(row)

    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        assert asyncio.run(fetch(server.dsn)) == "thegitleague@thegitleague"


def test_the_other_url_serves_asyncpg_whatever_the_environment_says(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGOPTIONS", "-c no_such_setting=1")
    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        assert ask_postgres(server, "select 1") == 1


def test_the_password_shows_in_no_repr(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        password = (data_dir / "control" / "password").read_text()
        assert password in server.dsn
        assert password not in repr(server)


def test_the_cluster_has_checksums_unicode_and_no_network(data_dir: Path) -> None:
    with embedded_postgres(data_dir) as server:
        assert ask_postgres(server, "show data_checksums") == "on"
        assert ask_postgres(server, "show server_encoding") == "UTF8"
        assert ask_postgres(server, "show listen_addresses") == ""
        assert ask_postgres(server, "show fsync") == "on"
        assert ask_postgres(server, "select lower('ÄÖ')") == "äö"


def test_settings_win_over_the_defaults(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings={"fsync": "off", "max_connections": "17"}) as server:
        assert ask_postgres(server, "show max_connections") == "17"
        assert ask_postgres(server, "show fsync") == "off"


@pytest.mark.parametrize("name", ["listen_addresses", "HBA_file", "unix_socket_permissions", "port"])
def test_settings_cannot_open_the_server(data_dir: Path, name: str) -> None:
    with pytest.raises(ValueError, match=name.lower()), embedded_postgres(data_dir, settings={name: "x"}):
        pass


def test_nobody_gets_in_without_the_password(data_dir: Path) -> None:
    async def knock(server: EmbeddedPostgres, user: str) -> None:
        connection = await asyncpg.connect(
            host=str(server.socket_dir), user=user, password="wrong", database="postgres"
        )
        await connection.close()

    with embedded_postgres(data_dir, settings=NO_FSYNC) as server:
        for user in ("thegitleague", "postgres"):
            with pytest.raises(asyncpg.InvalidPasswordError):
                asyncio.run(knock(server, user))


def test_data_outlives_the_server(data_dir: Path) -> None:
    with embedded_postgres(data_dir, settings=NO_FSYNC) as first:
        ask_postgres(first, "create table kept as select 42 as answer")
    assert not is_pid_alive(first.postmaster_pid)
    with embedded_postgres(data_dir, settings=NO_FSYNC) as second:
        assert ask_postgres(second, "select answer from kept") == 42
        ask_postgres(second, "drop table kept")


def test_windows_is_refused_in_a_sentence(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(PlatformRefused, match="WSL"), embedded_postgres(data_dir):
        pass
