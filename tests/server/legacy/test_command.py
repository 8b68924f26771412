"""`tgl-server import-legacy`."""

import asyncio
import csv
import json
import stat
from pathlib import Path

import pytest

from tests.server.legacy.conftest import FERNET_KEY
from tests.support.command import Run
from tests.support.database import count
from tgl_server.db.engine import Database
from tgl_server.sealing.sealer import new_key


@pytest.fixture
def source(older: Database) -> str:
    return older.engine.url.render_as_string(hide_password=False).replace("+asyncpg", "")


def cells(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text().splitlines()))


async def test_it_imports_and_writes_the_lists_for_their_owner_alone(
    run: Run, source: str, database: Database, database_url: str, tmp_path: Path
) -> None:
    key, keys, links = tmp_path / "fernet", tmp_path / "keys.csv", tmp_path / "links.csv"
    key.write_text(FERNET_KEY + "\n")
    arguments = ("import-legacy", "--from", source, "--fernet-key-file", str(key))
    environment = {"DATABASE_URL": database_url, "SECRETS_KEYS": new_key()}
    status, said = await asyncio.to_thread(run, *arguments, "--dry-run", "--json", **environment)
    assert (status, json.loads(said)["report"]["imported"]["users"]) == (0, 3)
    assert await count(database, "users") == 0
    lists = ("--keys-csv", str(keys), "--links-csv", str(links))
    status, said = await asyncio.to_thread(run, *arguments, *lists, **environment)
    assert (status, "repositories: 4 imported, 0 there already" in said) == (0, True), said
    assert "commits: 1 rows left where they are" in said
    assert cells(keys) == [
        ["owner", "name", "scopes", "expires_at"],
        ["Ada@Example.com", "laptop", "sync:commits,read:repos", "2027-01-02"],
        ["Ada@Example.com", "'=ci", "sync:commits", "2027-01-02"],
    ]
    ((_, link),) = cells(links)[1:]
    assert link.startswith("http://127.0.0.1:8000/link/tgll_")
    assert (stat.S_IMODE(keys.stat().st_mode), stat.S_IMODE(links.stat().st_mode)) == (0o600, 0o600)
    status, said = await asyncio.to_thread(run, *arguments, *lists, **environment)
    assert (status, "cannot be written: File exists" in said) == (1, True)


async def test_a_database_that_cannot_be_reached_is_named_without_its_password(run: Run, database_url: str) -> None:
    url = "postgresql://me:secret@127.0.0.1:1/older"
    status, said = await asyncio.to_thread(run, "import-legacy", "--from", url, DATABASE_URL=database_url)
    assert (status, "127.0.0.1" in said, "secret" in said) == (1, True, False)


@pytest.mark.parametrize("url", ["nonsense", "postgresql://reader:topsecret@127.0.0.1:1/x"])
async def test_a_wrong_address_is_not_said_to_be_the_servers_own(run: Run, url: str, database_url: str) -> None:
    status, said = await asyncio.to_thread(run, "import-legacy", "--from", url, DATABASE_URL=database_url)
    assert status == 1
    assert "the older system's URL" in said
    assert "DATABASE_URL" not in said
    assert "topsecret" not in said
