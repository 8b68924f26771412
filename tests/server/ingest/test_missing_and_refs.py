"""Asking what is missing, and recording branch tips."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.api import Api
from tests.commits import batch, commit, numbered, sha_of
from tests.world import World
from tgl_server.db.engine import Database
from tgl_server.ingest.known import missing_shas
from tgl_server.projects.models import RepoId


@pytest.fixture
async def pushed(api: Api, world: World) -> Api:
    await api.post(f"{world.sync_path}/commits", batch(commit("a"), commit("b")))
    return api


async def test_missing_answers_what_is_lacking_once_in_the_order_asked(pushed: Api, world: World) -> None:
    asked = [sha_of("z"), sha_of("a").upper(), sha_of("y"), sha_of("z"), sha_of("b")]
    answer = await pushed.post(f"{world.sync_path}/missing", {"shas": asked})
    assert (answer.status, answer.json) == (200, {"missing": [sha_of("z"), sha_of("y")]})


async def test_missing_of_nothing_is_nothing(pushed: Api, world: World) -> None:
    assert (await pushed.post(f"{world.sync_path}/missing", {"shas": []})).json == {"missing": []}


async def test_missing_takes_fifty_thousand_and_no_more(pushed: Api, world: World) -> None:
    shas = [sha_of(number) for number in range(50_000)]
    assert len((await pushed.post(f"{world.sync_path}/missing", {"shas": shas})).json["missing"]) == 50_000
    assert (await pushed.post(f"{world.sync_path}/missing", {"shas": [*shas, sha_of("a")]})).status == 422


@pytest.mark.parametrize("sha", ["g" * 40, "a" * 39, "a" * 41, " " + "a" * 39, 7])
async def test_missing_refuses_what_is_no_sha(pushed: Api, world: World, sha: object) -> None:
    answer = await pushed.post(f"{world.sync_path}/missing", {"shas": [sha_of("a"), sha]})
    assert (answer.status, answer.json["code"]) == (422, "invalid_body")


async def test_refs_are_set_kept_and_forgotten_by_name(pushed: Api, world: World) -> None:
    refs = f"{world.sync_path}/refs"
    await pushed.put(refs, {"refs": {"refs/heads/main": sha_of("a"), "refs/heads/old": sha_of("a")}})
    answer = await pushed.put(refs, {"refs": {"refs/heads/main": sha_of("b"), "refs/heads/old": None}})
    assert (answer.status, answer.json) == (200, {"refs": {"refs/heads/main": sha_of("b")}})
    assert (await pushed.get(f"{world.sync_path}/status")).json["refs"] == {"refs/heads/main": sha_of("b")}


async def test_a_tip_that_is_not_stored_is_refused_and_nothing_recorded(pushed: Api, world: World) -> None:
    sent = {"refs": {"refs/heads/good": sha_of("a"), "refs/heads/bad": sha_of("z")}}
    answer = await pushed.put(f"{world.sync_path}/refs", sent)
    assert (answer.status, answer.json["code"]) == (422, "unknown_commits")
    assert [reason["field"] for reason in answer.json["errors"]] == ["refs/heads/bad"]
    assert (await pushed.get(f"{world.sync_path}/status")).json["refs"] == {}


@pytest.mark.parametrize("name", ["", "n" * 1025, "nul\0"])
async def test_a_ref_name_out_of_bounds_is_refused(pushed: Api, world: World, name: str) -> None:
    assert (await pushed.put(f"{world.sync_path}/refs", {"refs": {name: sha_of("a")}})).status == 422


async def test_missing_keeps_to_the_index_when_the_table_was_empty_at_first(
    api: Api, world: World, database: Database
) -> None:
    """A plan that was made for an empty table scans all of it for every sha. One of ten pages may be scanned."""
    async with database.statements() as connection:
        await connection.execute(text("VACUUM ANALYZE commits"))
    async with database.transaction() as tx:
        for _ in range(8):
            await missing_shas(tx, RepoId(world.repo_id), [sha_of("a")])
    for start in range(0, 5000, 1000):
        await api.post(f"{world.sync_path}/commits", batch(*numbered(1000, start)))
    async with database.transaction() as tx:
        await missing_shas(tx, RepoId(world.repo_id), [sha_of("a")])
        before = await tx.scalar(text("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'commits'"))
        await missing_shas(tx, RepoId(world.repo_id), [sha_of(number) for number in range(500)])
        after = await tx.scalar(text("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'commits'"))
    assert after == before


async def test_missing_keeps_to_the_primary_key_for_a_repository_that_is_new_to_the_statistics(
    world: World, database: Database
) -> None:
    """Statistics that know all other repositories say that this one has no rows, and any index seems good enough."""
    fill = text("""
        INSERT INTO commits (repo_id, sha, author_name, author_email, committer_name, committer_email, author_date,
                             commit_date, message_title, additions, deletions, files_changed, is_merge, parent_count)
        SELECT CAST(:repo_id AS uuid), substring(sha256(CAST(n AS text)::bytea) FOR 20), 'a', 'a', 'a', 'a',
               now(), now() + n * interval '1 second', '', 0, 0, 0, false, 1
        FROM generate_series(1, 30000) n
    """)
    async with database.transaction() as tx:
        await tx.execute(fill, {"repo_id": uuid4()})
    async with database.statements() as connection:
        await connection.execute(text("VACUUM ANALYZE commits"))
    async with database.transaction() as tx:
        await tx.execute(fill, {"repo_id": world.repo_id})
    async with database.transaction() as tx:
        await missing_shas(tx, RepoId(world.repo_id), [sha_of(number) for number in range(10)])
        read = await tx.execute(
            text("SELECT idx_scan, idx_tup_fetch, seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'commits'")
        )
    assert tuple(read.one()) == (10, 0, 0)
