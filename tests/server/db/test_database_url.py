"""What may be written into DATABASE_URL."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from sqlalchemy import text

from tests.support.command import Run
from tgl_server.db.engine import Database, database_url
from tgl_server.settings import BadSetting, Settings

HOST = "postgresql://u:p@h/db"


@pytest.fixture
def plain_server() -> Iterator[str]:
    """The URL of a server that answers the request for TLS with PostgreSQL's `N`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(8)
                connection.sendall(b"N")

        refusing = threading.Thread(target=refuse)
        refusing.start()
        yield f"postgresql://u:p@127.0.0.1:{listening.getsockname()[1]}/db"
        refusing.join()


@pytest.mark.parametrize("written", ["sslmode=verify-full", "ssl=verify-full"])
def test_libpq_parameters_reach_asyncpg(written: str, tmp_path: Path) -> None:
    (certificate := tmp_path / "a b.crt").touch()
    url = database_url(f"{HOST}?{written}&sslrootcert={quote(str(certificate))}&pgbouncer=true")
    assert set(url.query) == {"dsn"}
    assert parse_qs(urlsplit(str(url.query["dsn"])).query) == {
        "sslmode": ["verify-full"],
        "sslrootcert": [str(certificate)],
    }


def test_host_and_port_may_be_parameters() -> None:
    assert dict(database_url("postgresql:///db?host=/run/pg&port=5433").query) == {"host": "/run/pg", "port": "5433"}


@pytest.mark.parametrize(
    ("url", "named"),
    [
        (f"{HOST}?channel_binding=require", "channel_binding"),
        (f"{HOST}?password=hunter2", "'password'"),
        (f"{HOST}?sslmode=yes", "verify-full"),
        (f"{HOST}?sslrootcert=/nowhere.crt", "sslrootcert=/nowhere.crt, which is no file"),
        (f"{HOST}?sslmode=require&sslmode=disable", "more than once"),
        ("postgresql://u:p@h:99999/db", "65535"),
        ("postgresql://u:p@h:port/db", "is not a database URL"),
        ("postgresql:///db?host=a,b&port=1,2,3", "do not fit together"),
    ],
)
def test_what_cannot_be_used_is_named(url: str, named: str) -> None:
    with pytest.raises(BadSetting, match=named) as refused:
        database_url(url)
    assert "hunter2" not in str(refused.value)


async def test_a_database_is_used_as_its_sslmode_says(database_url: str) -> None:
    database = Database(Settings(database_url=f"{database_url}&sslmode=prefer"))
    async with database.statements() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    await database.close()


def test_encryption_that_the_server_lacks_is_said(run: Run, plain_server: str) -> None:
    status, said = run("users", "list", DATABASE_URL=f"{plain_server}?sslmode=require")
    assert (status, "rejected SSL upgrade" in said) == (1, True), said
