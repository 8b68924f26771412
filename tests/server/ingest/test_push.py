"""Pushing commits over HTTP: what is stored, skipped and refused."""

import gzip
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import text

from tests.api import Api
from tests.commits import batch, commit, numbered, sha_of
from tests.world import World
from tgl_server.db.engine import Database


@pytest.fixture
def path(world: World) -> str:
    return f"{world.sync_path}/commits"


async def rows(database: Database) -> list[Any]:
    async with database.statements() as connection:
        found = await connection.execute(text("SELECT *, encode(sha, 'hex') AS hex FROM commits ORDER BY sha"))
        return list(found)


async def status_of(api: Api, world: World) -> Any:
    return (await api.get(f"{world.sync_path}/status")).json


async def test_a_new_commit_is_inserted_and_answered_as_documented(api: Api, path: str) -> None:
    answer = await api.post(path, batch(commit("one")))
    assert answer.status == 201
    assert answer.json == {
        "total": 1,
        "inserted": 1,
        "skipped": 0,
        "errors": 0,
        "last_ingested_sha": sha_of("one"),
        "details": [{"sha": sha_of("one"), "inserted": True, "error": None}],
    }


async def test_every_field_is_stored_as_sent(api: Api, path: str, database: Database, world: World) -> None:
    parents = [sha_of("p1"), sha_of("p2")]
    sent = commit(
        "m",
        author_name="Ĵürgen 🏆",
        author_date="2026-01-01T00:00:00-05:00",
        message_body="why\n\nand how",
        is_merge=True,
        parent_count=2,
        parents=parents,
    )
    await api.post(path, batch(sent))
    (row,) = await rows(database)
    assert (row.hex, row.repo_id, row.author_name) == (sha_of("m"), world.repo_id, "Ĵürgen 🏆")
    assert row.author_date == datetime(2026, 1, 1, 5, tzinfo=UTC)
    assert row.commit_date == datetime(2026, 1, 2, 11, tzinfo=UTC)
    assert (row.message_title, row.message_body) == ("commit m", "why\n\nand how")
    assert (row.additions, row.deletions, row.files_changed) == (42, 15, 3)
    assert (row.is_merge, row.parent_count, [parent.hex() for parent in row.parents]) == (True, 2, parents)


async def test_a_commit_the_repository_has_is_skipped(api: Api, path: str) -> None:
    await api.post(path, batch(commit("one")))
    answer = await api.post(path, batch(commit("one"), commit("two")))
    assert [detail["inserted"] for detail in answer.json["details"]] == [False, True]
    assert (answer.json["inserted"], answer.json["skipped"]) == (1, 1)


async def test_the_second_of_two_equal_shas_in_a_batch_is_skipped(api: Api, path: str, database: Database) -> None:
    upper = commit("one", sha=sha_of("one").upper(), message_title="again")
    answer = await api.post(path, batch(commit("one"), upper))
    assert [detail["inserted"] for detail in answer.json["details"]] == [True, False]
    assert [row.message_title for row in await rows(database)] == ["commit one"]


async def test_shas_and_e_mails_become_lower_case(api: Api, path: str, database: Database) -> None:
    sent = commit("one", sha=sha_of("one").upper(), author_email="ADA@Example.COM")
    answer = await api.post(path, batch(sent))
    assert answer.json["details"][0]["sha"] == sha_of("one")
    assert [row.author_email for row in await rows(database)] == ["ada@example.com"]


async def test_empty_names_odd_e_mails_and_an_empty_message_are_real_data(api: Api, path: str) -> None:
    odd = commit("one", author_name="", author_email="", committer_email="not an address <>", message_title="")
    assert (await api.post(path, batch(odd))).json["inserted"] == 1


async def test_a_date_without_a_zone_is_utc(api: Api, path: str, database: Database) -> None:
    await api.post(path, batch(commit("one", commit_date="2026-01-02T12:00:00")))
    (row,) = await rows(database)
    assert row.commit_date == datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert row.author_date == row.commit_date


async def test_limits_are_inclusive_and_count_characters(api: Api, path: str) -> None:
    longest = commit(
        "one",
        author_name="🏆" * 255,
        author_email="é" * 320,
        message_title="🏆" * 500,
        message_body="🏆" * 65_536,
        additions=2**31 - 1,
    )
    assert (await api.post(path, batch(longest))).json["inserted"] == 1


async def test_an_unknown_field_is_ignored(api: Api, path: str) -> None:
    assert (await api.post(path, batch(commit("one", colour="red"), mood="fine"))).json["inserted"] == 1


async def test_one_bad_commit_refuses_the_batch_with_every_reason(api: Api, path: str, database: Database) -> None:
    sent = batch(
        commit("ok"), commit("bad", additions=-1), commit("worse", sha="xyz"), commit("worst", author_name=...)
    )
    answer = await api.post(path, sent)
    assert answer.status == 422
    assert answer.json["code"] == "invalid_commits"
    found = [(reason["index"], reason["sha"], reason["field"]) for reason in answer.json["errors"]]
    assert found == [(1, sha_of("bad"), "additions"), (2, "xyz", "sha"), (3, sha_of("worst"), "author_name")]
    assert await rows(database) == []


async def test_on_error_skip_stores_the_valid_and_reports_the_bad(api: Api, path: str, database: Database) -> None:
    sent = batch(commit("a"), commit("nul", message_title="a\0b"), commit("c"))
    answer = await api.post(f"{path}?on_error=skip", sent)
    assert answer.status == 201
    assert {key: answer.json[key] for key in ("total", "inserted", "skipped", "errors")} == {
        "total": 3,
        "inserted": 2,
        "skipped": 0,
        "errors": 1,
    }
    assert "U+0000" in answer.json["details"][1]["error"]
    assert answer.json["last_ingested_sha"] == sha_of("c")
    assert sorted(row.hex for row in await rows(database)) == sorted([sha_of("a"), sha_of("c")])


async def test_a_batch_of_nothing_but_bad_commits_stores_nothing(api: Api, path: str, database: Database) -> None:
    answer = await api.post(f"{path}?on_error=skip", batch(commit("a", sha="")))
    assert (answer.status, answer.json["errors"], answer.json["last_ingested_sha"]) == (201, 1, None)
    assert await rows(database) == []


async def test_an_escaped_backslash_before_u0000_is_no_nul(api: Api, path: str, database: Database) -> None:
    body = batch(commit("one", message_title="the text \\u0000"))
    assert (await api.post(path, body)).json["inserted"] == 1
    assert [row.message_title for row in await rows(database)] == ["the text \\u0000"]


async def test_a_thousand_commits_fit_in_one_batch(api: Api, path: str, world: World) -> None:
    assert (await api.post(path, batch(*numbered(1000)))).json["inserted"] == 1000
    assert (await status_of(api, world))["total_commits"] == 1000


async def test_the_same_sha_in_two_repositories_is_two_rows(
    api: Api, path: str, world: World, database: Database
) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            text("INSERT INTO repos (id, project_id, name, sync_method) VALUES (:id, :project, 'fork', 'push_client')"),
            {"id": uuid4(), "project": world.project_id},
        )
    await api.post(path, batch(commit("one")))
    answer = await api.post(path.replace("/first/", "/fork/"), batch(commit("one")))
    assert answer.json["inserted"] == 1
    assert len(await rows(database)) == 2


async def test_last_ingested_sha_is_the_last_in_the_order_sent_new_or_not(api: Api, path: str, world: World) -> None:
    await api.post(path, batch(commit("b")))
    await api.post(path, batch(commit("a"), commit("b")))
    assert (await status_of(api, world))["last_ingested_sha"] == sha_of("b")


async def test_status_goes_from_pending_to_healthy(api: Api, path: str, world: World) -> None:
    before = await status_of(api, world)
    assert (before["status"], before["last_sync_at"], before["total_commits"]) == ("pending", None, 0)
    await api.post(path, batch(commit("one")))
    after = await status_of(api, world)
    assert (after["status"], after["total_commits"]) == ("healthy", 1)
    assert after["last_sync_at"] == after["last_success_at"] == after["last_attempt_at"]


async def test_a_refused_batch_shows_as_error_until_one_is_stored(api: Api, path: str, world: World) -> None:
    await api.post(path, batch(commit("one", sha="nonsense")))
    failed = await status_of(api, world)
    assert failed["status"] == "error"
    assert "1 of them" in failed["error_message"]
    assert failed["last_attempt_at"] is not None
    assert failed["last_success_at"] is None
    await api.post(path, batch(commit("one")))
    assert (await status_of(api, world))["error_message"] is None


async def test_a_run_stays_open_until_its_refs_are_recorded(api: Api, path: str, world: World) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    for number in range(3):
        await api.post(path, batch(commit(number)), headers=run)
    assert (await status_of(api, world))["status"] == "syncing"
    await api.put(f"{world.sync_path}/refs", {"refs": {}}, headers=run)
    assert (await status_of(api, world))["status"] == "healthy"
    (found,) = (await api.get(f"{world.sync_path}/runs")).json["items"]
    assert found["id"] == run["TGL-Run-Id"]
    assert (found["state"], found["batches"], found["inserted"]) == ("done", 3, 3)
    assert found["key_prefix"] == world.key[:12]


@pytest.mark.parametrize("run_id", ["", "null", "{}", "4711"])
async def test_a_run_id_that_is_no_uuid_is_refused(api: Api, path: str, run_id: str) -> None:
    answer = await api.post(path, batch(commit("one")), headers={"TGL-Run-Id": run_id})
    assert (answer.status, answer.json["code"]) == (422, "invalid_parameter")


async def test_a_syncing_left_behind_does_not_stay_for_ever(
    api: Api, path: str, world: World, database: Database
) -> None:
    await api.post(path, batch(commit("one")), headers={"TGL-Run-Id": str(uuid4())})
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE repos SET last_attempt_at = now() - interval '16 minutes'"))
        await tx.execute(text("UPDATE sync_runs SET last_batch_at = now() - interval '16 minutes'"))
    found = await status_of(api, world)
    assert (found["status"], "interrupted" in found["error_message"]) == ("error", True)
    assert (await api.get(f"{world.sync_path}/runs")).json["items"][0]["state"] == "interrupted"


async def test_runs_come_newest_first_in_pages(api: Api, path: str, world: World) -> None:
    for number in range(5):
        await api.post(path, batch(commit(number), commit(number + 1)))
    first = (await api.get(f"{world.sync_path}/runs?limit=3")).json
    rest = (await api.get(f"{world.sync_path}/runs?limit=3&cursor={first['next_cursor']}")).json
    starts = [run["started_at"] for run in first["items"] + rest["items"]]
    assert (len(starts), starts) == (5, sorted(starts, reverse=True))
    assert rest["next_cursor"] is None


async def test_paths_work_with_a_trailing_slash_and_with_ids(api: Api, world: World) -> None:
    by_id = f"/api/v1/sync/projects/{world.project_id}/repos/{world.repo_id}/commits/"
    assert (await api.post(by_id, batch(commit("one")))).status == 201


async def test_a_pulled_repository_takes_no_pushes(api: Api, path: str, database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE repos SET sync_method = 'pull_celery'"))
    answer = await api.post(path, batch(commit("one")))
    assert (answer.status, answer.json["code"]) == (400, "not_a_push_repository")


async def test_the_start_of_a_run_is_in_the_audit_log_once(api: Api, path: str, database: Database) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    await api.post(path, batch(commit("one")), headers=run)
    await api.post(path, batch(commit("two")), headers=run)
    async with database.statements() as connection:
        found = await connection.execute(text("SELECT * FROM audit_logs WHERE action = 'sync:started'"))
    (entry,) = found.all()
    assert (entry.details["run_id"], str(entry.ip)) == (run["TGL-Run-Id"], "127.0.0.1")


async def test_a_refused_run_stays_failed_when_it_is_closed(api: Api, path: str, world: World) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    await api.post(path, batch(commit("one", sha="nonsense")), headers=run)
    await api.put(f"{world.sync_path}/refs", {"refs": {}}, headers=run)
    assert (await status_of(api, world))["status"] == "error"
    assert (await api.get(f"{world.sync_path}/runs")).json["items"][0]["state"] == "failed"


async def test_a_refused_run_that_goes_on_forgets_its_error(api: Api, path: str, world: World) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    await api.post(path, batch(commit("one", sha="nonsense")), headers=run)
    await api.post(path, batch(commit("one")), headers=run)
    found = (await api.get(f"{world.sync_path}/runs")).json["items"][0]
    assert (found["state"], found["error_message"]) == ("running", None)


async def test_a_run_that_is_still_open_is_no_success_yet(api: Api, path: str, world: World) -> None:
    run = {"TGL-Run-Id": str(uuid4())}
    await api.post(path, batch(commit("one")), headers=run)
    assert (await status_of(api, world))["last_success_at"] is None
    await api.put(f"{world.sync_path}/refs", {"refs": {}}, headers=run)
    assert (await status_of(api, world))["last_success_at"] is not None


async def test_a_batch_without_a_valid_commit_says_nothing_about_the_repository(
    api: Api, path: str, world: World
) -> None:
    await api.post(f"{path}?on_error=skip", batch(commit("one", sha="nonsense")))
    found = await status_of(api, world)
    assert (found["status"], found["last_success_at"]) == ("pending", None)
    assert (await api.get(f"{world.sync_path}/runs")).json["items"][0]["state"] == "failed"


async def test_a_refusal_is_in_the_audit_log(api: Api, path: str, database: Database) -> None:
    await api.post(path, batch(commit("one", sha="nonsense")))
    async with database.statements() as connection:
        found = await connection.execute(text("SELECT outcome FROM audit_logs WHERE action = 'sync:refused'"))
    assert found.scalars().all() == ["refused"]


async def test_messagepack_is_taken_like_json(api: Api, path: str, database: Database) -> None:
    date = datetime(2026, 1, 2, 11, tzinfo=UTC)
    sent = batch(commit("text date"), commit("own date", commit_date=date))
    headers = {"Content-Type": "application/msgpack", "Content-Encoding": "gzip"}
    body = gzip.compress(msgspec.msgpack.encode(sent))
    answer = await api.request("POST", path, data=BytesIO(body), headers=headers)
    assert (answer.status, answer.json["inserted"]) == (201, 2)
    assert [row.commit_date for row in await rows(database)] == [date, date]


async def test_missing_and_refs_take_messagepack(api: Api, path: str, world: World) -> None:
    await api.post(path, batch(commit("one")))
    headers = {"Content-Type": "application/msgpack"}
    asked = msgspec.msgpack.encode({"shas": [sha_of("one"), sha_of("two")]})
    answer = await api.request("POST", f"{world.sync_path}/missing", data=BytesIO(asked), headers=headers)
    assert answer.json == {"missing": [sha_of("two")]}
    tips = msgspec.msgpack.encode({"refs": {"refs/heads/main": sha_of("one")}})
    answer = await api.request("PUT", f"{world.sync_path}/refs", data=BytesIO(tips), headers=headers)
    assert answer.json == {"refs": {"refs/heads/main": sha_of("one")}}
