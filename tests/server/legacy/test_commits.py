"""Commits that came anew, beside those of the older system: what differs, and why."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from tests.server.legacy.conftest import APP, TOOLS, id_of
from tests.support.command import Run
from tests.support.commits import numbered
from tests.support.database import execute
from tests.support.older_system import add
from tgl_protocol.commits import Commit
from tgl_protocol.stored_commits import StoredCommit
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.ingest.context import Push, Pusher
from tgl_server.ingest.push import push_commits
from tgl_server.legacy.commits import CASE, CUT, ERASED, MERGE_LINES, NEWLINE, NO_ZONE, reasons_to_differ

NOON = datetime(2026, 1, 2, 11, tzinfo=UTC)
OURS = StoredCommit(
    sha="a" * 40,
    author_name="Ada",
    author_email="ada@example.com",
    author_date=NOON,
    committer_name="Ada",
    committer_email="ada@example.com",
    commit_date=NOON,
    message_title="t" * 600,
    message_body="why",
    additions=0,
    deletions=0,
    files_changed=0,
    is_merge=True,
    parent_count=2,
    parents=None,
    ingested_at=NOON,
)
#: What the older system has no column for, or another type.
NOT_THERE = (
    *("author_date", "commit_date", "parents"),
    *("generated_additions", "generated_deletions", "generated_rules"),
)
SAME = {name: getattr(OURS, name) for name in OURS.__struct_fields__} | {"commit_date": NOON.replace(tzinfo=None)}


def test_each_difference_has_its_reason() -> None:
    assert reasons_to_differ(OURS, SAME) == set()
    local = SAME["commit_date"] + timedelta(hours=1)
    changed = {"commit_date": local, "additions": 7, "message_body": "\nwhy", "message_title": "t" * 500}
    assert reasons_to_differ(OURS, {**SAME, **changed}) == {NO_ZONE, MERGE_LINES, NEWLINE, CUT}
    assert reasons_to_differ(OURS, {**SAME, "author_email": "Ada@Example.com", "author_name": "Grace"}) == {
        CASE,
        "author_name",
    }
    assert reasons_to_differ(OURS, {**SAME, "message_body": "other", "parent_count": 1}) == {
        "message_body",
        "parent_count",
    }
    erased = replace(OURS, author_name="a former player", author_email="erased-1@erased.invalid")
    assert reasons_to_differ(erased, {**SAME, "parent_count": 1}) == {ERASED, "parent_count"}


async def test_the_command_counts_reasons_and_what_another_repository_has_there(
    run: Run, older: Database, database: Database, database_url: str
) -> None:
    source = older.engine.url.render_as_string(hide_password=False).replace("+asyncpg", "")
    status, _ = await asyncio.to_thread(run, "import-legacy", "--from", source, DATABASE_URL=database_url)
    assert status == 0
    commits = [msgspec.convert(each, Commit) for each in numbered(3)]
    await push_commits(database, Push(RepoId(UUID(APP)), None, Pusher(None)), commits, slow_ms=10_000)
    same, shared, _ = commits
    async with older.engine.begin() as tx:
        for number, commit, repo in ((71, same, APP), (72, shared, TOOLS)):
            plain = msgspec.structs.asdict(commit)
            kept = {name: plain[name] for name in plain if name not in NOT_THERE}
            await add(tx, "commits", id=id_of(number), repo_id=repo, commit_date=NOON.replace(tzinfo=None), **kept)
    await execute(older, "UPDATE commits SET message_body = chr(10) WHERE id = :id", id=id_of(71))
    arguments = ("repos", "compare", "team/app", "--legacy", source)
    status, said = await asyncio.to_thread(run, *arguments, "--json")
    (found,) = json.loads(said)["repos"]
    assert (status, found["here"], found["there"], found["only_here"], found["elsewhere_there"]) == (0, 3, 2, 2, 1)
    assert (found["only_there"], found["different"], found["reasons"]) == (1, 1, {NEWLINE: 1})
    status, said = await asyncio.to_thread(run, *arguments)
    assert (status, f"  1: {NEWLINE}" in said) == (0, True)
