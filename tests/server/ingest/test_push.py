"""Pushing commits over HTTP: what is stored, skipped and refused."""

import gzip
import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from tests.support.api import Api
from tests.support.commits import batch, commit, lines_of, numbered, sha_of
from tests.support.world import World, status_of
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.projects.models import Project
from tgl_server.projects.service import create_repo


async def rows(database: Database) -> list[Any]:
    async with database.statements() as connection:
        found = await connection.execute(text("SELECT *, encode(sha, 'hex') AS hex FROM commits ORDER BY sha"))
        return list(found)


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
        await create_repo(tx, await tx.get_one(Project, world.project_id), "fork", world.user_id, FOLLOWERS)
    await api.post(path, batch(commit("one")))
    answer = await api.post(path.replace("/first/", "/fork/"), batch(commit("one")))
    assert answer.json["inserted"] == 1
    assert len(await rows(database)) == 2


async def test_last_ingested_sha_is_the_last_in_the_order_sent_new_or_not(api: Api, path: str, world: World) -> None:
    await api.post(path, batch(commit("b")))
    await api.post(path, batch(commit("a"), commit("b")))
    assert (await status_of(api, world))["last_ingested_sha"] == sha_of("b")


async def test_paths_work_with_a_trailing_slash_and_with_ids(api: Api, world: World) -> None:
    by_id = f"/api/v1/sync/projects/{world.project_id}/repos/{world.repo_id}/commits/"
    assert (await api.post(by_id, batch(commit("one")))).status == 201


async def test_a_pulled_repository_takes_no_pushes(api: Api, path: str, database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE repos SET sync_method = 'pull_celery'"))
    answer = await api.post(path, batch(commit("one")))
    assert (answer.status, answer.json["code"]) == (400, "not_a_push_repository")


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
    assert answer.json["refs"] == {"refs/heads/main": sha_of("one")}


@pytest.mark.parametrize(("parents", "expected"), [([], (False, 0)), (["a"], (False, 1)), (["a", "b"], (True, 2))])
@pytest.mark.parametrize("left_out", [("is_merge", "parent_count"), ("is_merge",), ("parent_count",)])
async def test_parents_say_how_many_there_are_and_whether_it_is_a_merge(
    api: Api, path: str, database: Database, parents: list[str], expected: tuple[bool, int], left_out: tuple[str, ...]
) -> None:
    said = {"is_merge": expected[0], "parent_count": expected[1]} | dict.fromkeys(left_out, ...)
    sent = commit("one", parents=[sha_of(parent) for parent in parents], **said)
    assert (await api.post(path, batch(sent))).json["inserted"] == 1
    (row,) = await rows(database)
    assert (row.is_merge, row.parent_count) == expected


async def test_without_parents_their_number_is_required(api: Api, path: str, database: Database) -> None:
    sent = batch(commit("a", is_merge=...), commit("b", is_merge=..., parent_count=...))
    (refused,) = (await api.post(path, sent)).json["errors"]
    assert (refused["index"], refused["field"]) == (1, "parent_count")
    assert await rows(database) == []


async def test_a_push_without_a_content_type_is_json(api: Api, path: str) -> None:
    body = BytesIO(json.dumps(batch(commit("one"))).encode())
    answer = await api.request("POST", path, data=body, skip_auto_headers=["Content-Type"])
    assert (answer.status, answer.json["inserted"]) == (201, 1)


async def test_so_is_every_other_body_and_a_stream_is_lines(api: Api, path: str) -> None:
    for where, body in (("/missing", b'{"shas": []}'), ("/commits/stream", lines_of(numbered(2)))):
        url = path.removesuffix("/commits") + where
        answer = await api.request("POST", url, data=BytesIO(body), skip_auto_headers=["Content-Type"])
        assert answer.status in (200, 201), answer.body


async def test_a_skipped_commit_comes_with_its_field(api: Api, path: str) -> None:
    sent = batch(commit("a"), commit("b", additions=-1), commit("c", author_name="\0"))
    details = (await api.post(f"{path}?on_error=skip", sent)).json["details"]
    assert [detail.get("field") for detail in details] == [None, "additions", "author_name"]
