"""Commits that come from inside of the server, by no request: what the pull worker does."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.support.commits import sha_of
from tests.support.database import audited, rows
from tests.support.world import World
from tgl_protocol.commits import Commit
from tgl_server import errors
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.ingest.context import PULL_WORKER, Push
from tgl_server.ingest.push import push_commits


def decoded(name: object, **fields: Any) -> Commit:
    """A commit as reading a repository gives it."""
    found: dict[str, Any] = {
        "sha": sha_of(name),
        "author_name": "Ada",
        "author_email": "Ada@example.com",
        "committer_name": "Ada",
        "committer_email": "ada@example.com",
        "commit_date": datetime(2026, 1, 2, tzinfo=UTC),
        "message_title": f"commit {name}",
        "message_body": None,
        "additions": 1,
        "deletions": 0,
        "files_changed": 1,
        "is_merge": False,
        "parent_count": 0,
    }
    return Commit(**{**found, **fields})


async def test_decoded_commits_are_stored_for_a_pusher_who_is_nobody(database: Database, world: World) -> None:
    push = Push(RepoId(world.repo_id), uuid4(), PULL_WORKER)
    result = await push_commits(database, push, [decoded("a"), decoded("b")], client_version="pull", slow_ms=1000)
    assert (result.total, result.inserted, result.last_ingested_sha) == (2, 2, sha_of("b"))
    (stored,) = await rows(database, "SELECT count(*), min(author_email) FROM commits")
    assert tuple(stored) == (2, "ada@example.com")
    (run,) = await rows(database, "SELECT id, user_id, api_key_id, client_version FROM sync_runs")
    assert tuple(run) == (push.run_id, None, None, "pull")
    (entry,) = await audited(database, "sync:started")
    assert (entry.actor_user_id, entry.actor_key_id) == (None, None)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sha": "no sha"}, "sha"),
        ({"additions": -1}, "additions"),
        ({"message_title": "x" * 501}, "message_title"),
        ({"author_name": "half \ud800"}, None),
    ],
)
async def test_a_struct_made_in_python_is_held_to_the_same_rules(
    database: Database, world: World, fields: dict[str, Any], reason: str | None
) -> None:
    push = Push(RepoId(world.repo_id), None, PULL_WORKER)
    with pytest.raises(errors.InvalidCommits) as refused:
        await push_commits(database, push, [decoded("good"), decoded("bad", **fields)], slow_ms=1000)
    (bad,) = refused.value.errors
    assert bad.index == 1
    assert reason is None or bad.field == reason
    assert await rows(database, "SELECT sha FROM commits") == []
    kept = await push_commits(
        database, push, [decoded("good"), decoded("bad", **fields)], on_error="skip", slow_ms=1000
    )
    assert (kept.inserted, kept.errors) == (1, 1)
