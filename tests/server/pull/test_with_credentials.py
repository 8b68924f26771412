"""Pulls from a forge that wants a token: it is sent, kept out of what people see, and a new one ends a pause."""

from typing import Any

import msgspec
import pytest

from tests.support.database import count, execute, rows
from tests.support.forge import Forge
from tests.support.pulls import claimed, pull, queue_row, tick
from tgl_protocol.credentials import CredentialKind, NewCredential
from tgl_server.access.ids import RepoId
from tgl_server.audit.service import Actor
from tgl_server.credentials.service import set_credential
from tgl_server.db.engine import Database
from tgl_server.pull.pulling import Pull
from tgl_server.remotes import policy_of
from tgl_server.sealing.sealer import Sealer, new_key
from tgl_server.settings import Settings

TOKEN = "glpat-a-token-of-the-forge"


@pytest.fixture
def sealing(settings: Settings, forge: Forge) -> Settings:
    """The settings of a worker that can open secrets; the forge wants a token."""
    forge.token = TOKEN
    return msgspec.structs.replace(settings, secrets_keys=(new_key(),))


async def store(database: Database, settings: Settings, repo_id: RepoId, token: str) -> None:
    new = NewCredential(kind=CredentialKind.HTTPS_TOKEN, username="reader", secret=token)
    async with database.transaction() as tx:
        await set_credential(tx, Sealer(settings.secrets_keys), policy_of(settings), repo_id, new, Actor())


async def used(database: Database) -> Any:
    (row,) = await rows(database, "SELECT last_used_at, last_refused_at FROM repo_credentials")
    return row


async def test_the_stored_token_opens_the_remote_and_its_use_is_kept(
    database: Database, sealing: Settings, repo: RepoId
) -> None:
    assert (await pull(database, sealing, repo))["state"] == "failed"
    await store(database, sealing, repo, TOKEN)
    assert ((await pull(database, sealing, repo))["state"], await count(database, "commits")) == ("done", 3)
    row = await used(database)
    assert (row.last_used_at is None, row.last_refused_at) == (False, None)


async def test_a_token_that_is_refused_says_so_and_a_new_one_ends_the_pause(
    database: Database, sealing: Settings, repo: RepoId
) -> None:
    await store(database, sealing, repo, "revoked-" + TOKEN)
    await execute(database, "INSERT INTO repo_pulls (repo_id, cron) VALUES (:id, '0 * * * *')", id=repo)
    for _ in range(5):
        await execute(database, "UPDATE repo_pulls SET next_due_at = now() - interval '1 second'")
        await Pull(database, sealing, await claimed(database, repo)).run()
    row = await queue_row(database)
    assert (row.refusals, TOKEN in row.paused_reason) == (5, False)
    assert (await used(database)).last_refused_at is not None
    await execute(database, "UPDATE repo_pulls SET next_due_at = now() - interval '1 second'")
    assert await tick(database) == []
    await store(database, sealing, repo, TOKEN)
    assert await tick(database) == [repo]
    await Pull(database, sealing, await claimed(database, repo)).run()
    assert (await count(database, "commits"), (await queue_row(database)).paused_at) == (3, None)


async def test_a_token_that_cannot_be_opened_is_named_and_no_traceback(
    database: Database, sealing: Settings, repo: RepoId
) -> None:
    await store(database, sealing, repo, TOKEN)
    run = await pull(database, msgspec.structs.replace(sealing, secrets_keys=()), repo)
    assert (run["state"], "cannot be opened" in run["error_message"]) == ("failed", True)
