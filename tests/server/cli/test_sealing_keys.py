"""`tgl-server secrets`: making keys, and sealing everything anew with another."""

import asyncio
from uuid import uuid4

import pytest

from tests.support.command import Run
from tests.support.database import execute, rows, scalar
from tests.support.world import World
from tgl_server.db.engine import Database
from tgl_server.features import FEATURES, METADATA
from tgl_server.sealing.errors import SecretUnreadable
from tgl_server.sealing.sealer import Sealer, new_key

CONTENT = {"secret": "s3cret-of-the-remote"}
_INSERT = """
    INSERT INTO repo_credentials (repo_id, kind, username, origin, sealed)
    VALUES (:repo_id, 'https_token', 'git', 'https://git.example.com:443', :sealed)
"""


@pytest.fixture
def old_key(world: World, own_loop: asyncio.Runner, own_pool: Database) -> str:
    """The key that the credentials of the world's repository are sealed with."""
    key = new_key()
    sealed = Sealer([key]).seal("remote", world.repo_id, CONTENT)
    own_loop.run(execute(own_pool, _INSERT, repo_id=world.repo_id, sealed=sealed))
    return key


def test_a_new_key_is_printed_and_seals(run: Run) -> None:
    status, first = run("secrets", "new-key")
    assert status == 0
    assert Sealer([first.strip()]).has_key
    assert run("secrets", "new-key")[1] != first


def test_rotating_seals_everything_with_the_first_key_and_can_be_repeated(
    run: Run, database_url: str, world: World, old_key: str, own_loop: asyncio.Runner, own_pool: Database
) -> None:
    new = new_key()
    for _ in range(2):
        said = run("secrets", "rotate", DATABASE_URL=database_url, SECRETS_KEYS=f"{new},{old_key}")
        assert said == (0, "sealed 1 secrets with the first key\n")
        sealed = own_loop.run(scalar(own_pool, "SELECT sealed FROM repo_credentials"))
        assert Sealer([new]).open(sealed, "remote", world.repo_id) == CONTENT
        with pytest.raises(SecretUnreadable):
            Sealer([old_key]).open(sealed, "remote", world.repo_id)


def test_secrets_of_a_lost_key_stay_and_are_counted(
    run: Run, database_url: str, world: World, old_key: str, own_loop: asyncio.Runner, own_pool: Database
) -> None:
    status, said = run("secrets", "rotate", DATABASE_URL=database_url, SECRETS_KEYS=new_key())
    assert status == 1
    assert "no key of SECRETS_KEYS opens 1 others" in said
    sealed = own_loop.run(scalar(own_pool, "SELECT sealed FROM repo_credentials"))
    assert Sealer([old_key]).open(sealed, "remote", world.repo_id) == CONTENT


def test_without_a_key_there_is_nothing_to_rotate(run: Run, database_url: str) -> None:
    status, said = run("secrets", "rotate", DATABASE_URL=database_url)
    assert status == 1
    assert "tgl-server secrets new-key" in said


def test_both_secrets_of_a_webhook_are_sealed_anew(
    run: Run, database_url: str, world: World, own_loop: asyncio.Runner, own_pool: Database
) -> None:
    old, new, hook_id = new_key(), new_key(), uuid4()
    secrets = [Sealer([old]).seal("webhook", hook_id, {"secret": secret}) for secret in ("now", "before")]
    values = {"id": hook_id, "repo_id": world.repo_id, "sealed": secrets[0], "old": secrets[1]}
    insert = """INSERT INTO webhooks (id, repo_id, kind, sealed, old_sealed, old_until)
                VALUES (:id, :repo_id, 'github', :sealed, :old, now() + interval '1 hour')"""
    own_loop.run(execute(own_pool, insert, **values))
    said = run("secrets", "rotate", DATABASE_URL=database_url, SECRETS_KEYS=f"{new},{old}")
    assert said == (0, "sealed 2 secrets with the first key\n")
    ((sealed, old_sealed),) = own_loop.run(rows(own_pool, "SELECT sealed, old_sealed FROM webhooks"))
    opened = [Sealer([new]).open(each, "webhook", hook_id)["secret"] for each in (sealed, old_sealed)]
    assert opened == ["now", "before"]


def test_every_column_of_sealed_secrets_is_declared_by_its_feature() -> None:
    """But what a mail says while it waits, for hours at most: its key is made of SECRET_KEY, and not one of these."""
    columns = [column for table in METADATA.tables.values() for column in table.columns]
    # Weeks of a league are sealed too, by numbers.
    sealed = {
        (column.table.name, column.name)
        for column in columns
        if "sealed" in column.name and column.type.python_type not in (bool, int)
    }
    sealed -= {("outgoing_mail", "sealed")}
    assert {(each.table, each.column) for feature in FEATURES for each in feature.sealed} == sealed
