"""Rows in PostgreSQL's binary format, read back by the driver: what the database has is what was sent."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from sqlalchemy import text

from tests.support.strategies import commits
from tgl_protocol.commits import Commit
from tgl_server.db.copy import copy_rows
from tgl_server.db.engine import Database
from tgl_server.ingest.encode import COLUMNS, encode_rows
from tgl_server.settings import Settings

REPO = uuid4()


def utc(date: datetime) -> datetime:
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def stored(commit: Commit) -> dict[str, Any]:
    """What the table should have of it."""
    return {
        **msgspec.structs.asdict(commit),
        "repo_id": REPO,
        "sha": bytes.fromhex(commit.sha),
        "author_email": commit.author_email.lower(),
        "committer_email": commit.committer_email.lower(),
        "author_date": utc(commit.author_date or commit.commit_date),
        "commit_date": utc(commit.commit_date),
        "parents": None if commit.parents is None else [bytes.fromhex(parent) for parent in commit.parents],
        **generated(commit),
    }


def generated(commit: Commit) -> dict[str, Any]:
    """Lines of generated files are kept together with the rules that say so."""
    if commit.generated_rules is UNSET:
        return dict.fromkeys(["generated_additions", "generated_deletions", "generated_rules"])
    added, deleted = (0 if each is UNSET else each for each in (commit.generated_additions, commit.generated_deletions))
    return {"generated_additions": added, "generated_deletions": deleted, "generated_rules": commit.generated_rules}


async def read_back(url: str, rows: dict[bytes, bytes]) -> list[dict[str, Any]]:
    database = Database(Settings(database_url=url))
    async with database.transaction() as tx:
        await tx.execute(text("CREATE TEMPORARY TABLE copied (LIKE commits INCLUDING ALL) ON COMMIT DROP"))
        await copy_rows(tx, "copied", COLUMNS, rows.values())
        found = await tx.execute(text(f"SELECT {', '.join(COLUMNS)} FROM copied"))
        copied = [dict(row) for row in found.mappings()]
    await database.close()
    return copied


@settings(max_examples=40, deadline=None)
@given(st.lists(commits, min_size=1, max_size=20, unique_by=lambda commit: str(commit["sha"])))
def test_the_database_has_what_was_sent(migrated_url: str, sent: list[dict[str, Any]]) -> None:
    decoded = msgspec.json.decode(json.dumps(sent), type=list[Commit])
    assert asyncio.run(read_back(migrated_url, encode_rows(REPO, decoded))) == [stored(commit) for commit in decoded]


@pytest.mark.parametrize("size", [0, 1, 2, 66])
def test_any_number_of_parents_is_stored(migrated_url: str, size: int, commit: Commit) -> None:
    parents = [f"{number:040x}" for number in range(size)]
    rows = encode_rows(REPO, [msgspec.structs.replace(commit, parents=parents)])
    (row,) = asyncio.run(read_back(migrated_url, rows))
    assert row["parents"] == [bytes.fromhex(parent) for parent in parents]


@pytest.fixture
def commit() -> Commit:
    now = datetime.now(UTC)
    return Commit("a" * 40, "Ada", "Ada@Example.com", "Ada", "ada@example.com", now, "title", 1, 2, 3, True, 2)


def test_the_first_of_two_equal_shas_is_kept(commit: Commit) -> None:
    second = msgspec.structs.replace(commit, sha="A" * 40, message_title="second")
    assert encode_rows(REPO, [commit, second]) == encode_rows(REPO, [commit])


def test_rows_belong_to_their_repository(migrated_url: str, commit: Commit) -> None:
    (row,) = asyncio.run(read_back(migrated_url, encode_rows(UUID(int=7), [commit])))
    assert row["repo_id"] == UUID(int=7)
