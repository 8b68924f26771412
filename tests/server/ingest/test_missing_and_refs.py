"""Asking what is missing, and recording branch tips."""

import pytest
from sqlalchemy import text

from tests.support.api import Api
from tests.support.commits import batch, commit, numbered, sha_of
from tests.support.database import execute
from tests.support.world import World
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.ingest.missing import missing_shas


@pytest.fixture
async def pushed(api: Api, world: World) -> Api:
    await api.post(f"{world.sync_path}/commits", batch(commit("a"), commit("b")))
    return api


async def test_missing_answers_what_is_missing_once_in_the_order_asked(pushed: Api, world: World) -> None:
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
    assert (answer.status, answer.json["refs"]) == (200, {"refs/heads/main": sha_of("b")})
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


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("main", "Expected a full ref name like refs/heads/main"),
        ("heads/main", "Expected a full ref name like refs/heads/heads/main"),
        ("/", "Expected a full ref name like refs/heads/main"),
        ("refs/", "A ref name has no empty part, no space and no control character"),
        ("refs/heads//main", "A ref name has no empty part, no space and no control character"),
        ("refs/heads/a\x1b[31m", "A ref name has no empty part, no space and no control character"),
    ],
)
async def test_a_tip_is_set_by_its_full_name(pushed: Api, world: World, name: str, told: str) -> None:
    answer = await pushed.put(f"{world.sync_path}/refs", {"refs": {name: sha_of("a")}})
    assert (answer.status, answer.json["code"]) == (422, "invalid_body")
    assert answer.json["errors"] == [{"message": told, "sha": sha_of("a"), "field": name}]
    assert (await pushed.get(f"{world.sync_path}/status")).json["refs"] == {}


@pytest.mark.parametrize("name", ["HEAD", "refs/heads/zweig/äö", "refs/remotes/origin/main", "refs/heads/\\xff"])
async def test_every_name_that_git_has_is_recorded(pushed: Api, world: World, name: str) -> None:
    answer = await pushed.put(f"{world.sync_path}/refs", {"refs": {name: sha_of("a")}})
    assert (answer.status, answer.json["refs"]) == (200, {name: sha_of("a")})


async def test_an_older_short_name_can_be_deleted(pushed: Api, world: World, database: Database) -> None:
    insert = "INSERT INTO repo_refs (repo_id, name, sha) VALUES (:repo, 'main', :sha)"
    await execute(database, insert, repo=world.repo_id, sha=bytes.fromhex(sha_of("a")))
    answer = await pushed.put(f"{world.sync_path}/refs", {"refs": {"main": None}})
    assert (answer.status, answer.json["refs"]) == (200, {})


async def test_the_ref_whose_sha_is_none_is_named(pushed: Api, world: World) -> None:
    sent = {"refs": {"refs/heads/good": sha_of("a"), "refs/heads/bad": "g" * 40}}
    answer = await pushed.put(f"{world.sync_path}/refs", sent)
    assert [reason["field"] for reason in answer.json["errors"]] == ["refs/heads/bad"]


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
