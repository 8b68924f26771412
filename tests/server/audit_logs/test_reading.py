"""Reading the audit log: who may, filters, pages, and the export for a spreadsheet or an archive."""

import csv
import io
import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from tests.support.people import People, Person, make_project
from tgl_server.audit_logs.reading import CHUNK_ROWS
from tgl_server.db.engine import Database
from tgl_server.http.spreadsheets import defused

WRITE = text("""
    INSERT INTO audit_logs (id, at, action, outcome, resource_type, resource_id, user_agent)
    SELECT gen_random_uuid(), timestamptz '2026-01-01Z' + n * interval '1 minute', :action, 'success', 'repo',
           :resource_id, :user_agent
    FROM generate_series(1, :count) AS n
""")


async def records(boss: Person, query: str = "") -> list[dict[str, Any]]:
    answer = await boss.get(f"/audit-logs?{query}")
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json["items"]
    return found


async def written(database: Database, count: int, **fields: Any) -> None:
    """Rows of a minute apart, the oldest first."""
    values = {"action": "repo:changed", "resource_id": "x", "user_agent": None, "count": count, **fields}
    async with database.transaction() as tx:
        await tx.execute(WRITE, values)


async def test_only_a_commissioner_who_logged_in_reads_the_log(people: People, boss: Person) -> None:
    ada = await people.make("ada")
    key = await people.with_key(boss)
    assert [(await person.get("/audit-logs")).status for person in (boss, ada, key)] == [200, 403, 403]
    await people.set_state(boss, "retired")
    assert (await boss.get("/audit-logs")).status == 401


async def test_an_act_is_told_with_who_did_it_and_from_where(people: People, boss: Person) -> None:
    ada = await people.make("ada")
    headers = {"User-Agent": "a browser", "X-Request-Id": "request-7"}
    body = {"slug": "team", "name": "Team"}
    project = (await ada.api.request("POST", "/api/v1/projects", json=body, headers=headers)).json
    (found,) = await records(boss, "action=project:created")
    assert found == {
        "id": found["id"],
        "at": found["at"],
        "action": "project:created",
        "outcome": "success",
        "actor_user_id": str(ada.id),
        "actor_key_id": None,
        "resource_type": "project",
        "resource_id": project["id"],
        "ip": "127.0.0.1",
        "user_agent": "a browser",
        "request_id": "request-7",
        "details": {"slug": "team", "name": "Team"},
        "actor_user_name": "Ada",
        "actor_key_name": None,
        "resource_name": "Team",
    }


async def test_names_stand_beside_ids_as_long_as_there_are_any(people: People, boss: Person) -> None:
    ada = await people.make("ada")
    key = await people.with_key(ada)
    path = await make_project(ada)
    await key.post(f"{path}/repos", {"name": "linux"})
    await ada.patch(f"{path}/repos/linux", {"name": "kernel"})
    await boss.patch(f"/users/{ada.id}", {"display_name": "Ada L."})
    (made,) = await records(boss, "action=repo:created")
    (renamed,) = await records(boss, "action=user:changed")
    assert (made["actor_user_name"], made["actor_key_name"], made["resource_name"]) == ("Ada L.", "test", "kernel")
    assert (renamed["actor_user_name"], renamed["resource_name"]) == ("Boss", "Ada L.")
    await ada.delete(f"{path}/repos/kernel")
    (gone,) = await records(boss, "action=repo:created")
    assert (gone["resource_id"], gone["resource_name"]) == (made["resource_id"], None)


async def test_what_is_named_by_no_id_has_no_name(boss: Person, database: Database) -> None:
    await written(database, 1, resource_id="not-an-id")
    (found,) = await records(boss, "action=repo:changed")
    assert (found["resource_id"], found["resource_name"], found["actor_user_name"]) == ("not-an-id", None, None)


async def test_filters_narrow_the_log(people: People, boss: Person) -> None:
    ada, ben = await people.make("ada"), await people.make("ben")
    path, other = await make_project(ada), await make_project(ben, "other")
    await ben.patch(other, {"owner_id": str(ada.id)})
    await ben.delete(other)
    project_id = (await ada.get(other)).json["id"]
    assert len(await records(boss, "action=project:created")) == 2
    assert len(await records(boss, f"action=project:created&actor_user_id={ada.id}")) == 1
    about = await records(boss, f"resource_type=project&resource_id={project_id}")
    assert [(item["action"], item["outcome"]) for item in about] == [
        ("project:deleted", "refused"),
        ("project:transferred", "success"),
        ("project:created", "success"),
    ]
    assert [item["action"] for item in await records(boss, "outcome=refused")] == ["project:deleted"]
    assert await records(boss, f"actor_key_id={uuid4()}") == []
    assert await records(boss, "resource_id=%25") == []
    assert (await ada.get(path)).status == 200


OLD_DETAILS = {
    "user:changed": {"role": {"from": "player", "to": "commissioner"}},
    "api_key:changed": {"prefix": "tgl_k3J9x2Qa", "is_active": {"from": True, "to": False}},
    "project:transferred": {"changed": {"owner_id": {"old": "a", "new": "b"}}},
    "repo:changed": {"changed": {"name": {"old": "linux", "new": "unix"}, "git_url": {"old": None, "new": "x"}}},
}


async def test_what_older_entries_say_has_changed_is_told_as_today(boss: Person, database: Database) -> None:
    statement = "INSERT INTO audit_logs (id, action, outcome, details) VALUES (:id, :action, 'success', :details)"
    async with database.transaction() as tx:
        for action, details in OLD_DETAILS.items():
            sent = {"id": uuid4(), "action": action, "details": details}
            await tx.execute(text(statement).bindparams(bindparam("details", type_=JSONB)), sent)
    told = {item["action"]: item["details"] for item in await records(boss, "limit=500")}
    assert {action: told[action] for action in OLD_DETAILS} == {
        "user:changed": {"changed": {"role": {"from": "player", "to": "commissioner"}}},
        "api_key:changed": {"prefix": "tgl_k3J9x2Qa", "changed": {"is_active": {"from": True, "to": False}}},
        "project:transferred": {"changed": {"owner_id": {"from": "a", "to": "b"}}},
        "repo:changed": {"changed": {"name": {"from": "linux", "to": "unix"}, "git_url": {"from": None, "to": "x"}}},
    }
    exported = (await boss.get("/audit-logs?action=user:changed&format=ndjson")).body
    assert json.loads(exported)["details"] == told["user:changed"]


async def test_what_another_system_wrote_is_found_by_its_own_name(boss: Person, database: Database) -> None:
    statement = "INSERT INTO audit_logs (id, action, outcome) VALUES (:id, 'legacy.trigger_sync', 'success')"
    async with database.transaction() as tx:
        await tx.execute(text(statement), {"id": uuid4()})
    assert len(await records(boss, "action=legacy.trigger_sync")) == 1
    assert await records(boss, "action=legacy.nobody_did_this") == []


async def test_a_span_of_time_includes_its_start_and_not_its_end(boss: Person, database: Database) -> None:
    await written(database, 10)
    found = await records(boss, "action=repo:changed&since=2026-01-01T00:03:00Z&until=2026-01-01T00:06:00")
    assert [item["at"] for item in found] == [f"2026-01-01T00:0{minute}:00Z" for minute in (5, 4, 3)]


async def test_pages_hold_each_row_once_while_others_are_written(boss: Person, database: Database) -> None:
    await written(database, 5)
    await written(database, 5)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await boss.get(f"/audit-logs?action=repo:changed&limit=3{cursor}")).json
        found += [item["id"] for item in page["items"]]
        await written(database, 1, action="repo:created")
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert len(found) == len(set(found)) == 10


@pytest.mark.parametrize(
    "query",
    [
        "action=nothing", "action=project:created'--", "outcome=maybe", "actor_user_id=me", "limit=0", "limit=501",
        "since=x", "cursor=x", "cursor=W10", "format=xml", "resource_id=%00", "resource_type=%00",
        "resource_id=" + "x" * 201, "action=null", "outcome=NULL", "actor_key_id=null", "format=null",
    ],
)  # fmt: skip
async def test_a_query_that_does_not_validate_is_refused(boss: Person, query: str) -> None:
    answer = await boss.get(f"/audit-logs?{query}")
    assert (answer.status, answer.json["code"]) == (422, "invalid_parameter")


async def test_an_export_has_every_row_that_the_filter_asks_for(boss: Person, database: Database) -> None:
    rows = 2 * CHUNK_ROWS + 5
    await written(database, rows)
    await written(database, 3, action="repo:deleted")
    answer = await boss.get("/audit-logs?action=repo:changed&limit=1", headers={"Accept": "application/x-ndjson"})
    assert answer.headers["Content-Type"].startswith("application/x-ndjson")
    assert "audit-log.ndjson" in answer.headers["Content-Disposition"]
    found = [json.loads(line) for line in answer.body.splitlines()]
    assert len({item["id"] for item in found}) == len(found) == rows
    assert found[:10] == await records(boss, "action=repo:changed&limit=10")
    assert [item["at"] for item in found] == sorted((item["at"] for item in found), reverse=True)


async def test_a_csv_has_the_same_rows_under_a_header(boss: Person, database: Database) -> None:
    await written(database, 3, user_agent='say "hi", twice')
    answer = await boss.get("/audit-logs?action=repo:changed&format=csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    found = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [row["id"] for row in found] == [item["id"] for item in await records(boss, "action=repo:changed")]
    assert {row["user_agent"] for row in found} == {'say "hi", twice'}
    assert (found[0]["at"], found[0]["ip"], found[0]["details"]) == ("2026-01-01T00:03:00Z", "", "{}")


@pytest.mark.parametrize(
    ("accept", "query", "expected"),
    [
        ("text/csv", "", "text/csv"),
        ("application/json;q=0.5, text/csv", "", "text/csv"),
        ("text/csv", "format=json", "application/json"),
        ("application/json", "format=ndjson", "application/x-ndjson"),
        ("*/*", "", "application/json"),
        ("text/html", "", "application/json"),
    ],
)
async def test_the_format_is_the_one_that_is_asked_for(boss: Person, accept: str, query: str, expected: str) -> None:
    answer = await boss.get(f"/audit-logs?{query}", headers={"Accept": accept})
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, expected)


async def test_nothing_found_is_an_empty_file(boss: Person) -> None:
    nothing = f"actor_key_id={uuid4()}"
    assert (await boss.get(f"/audit-logs?{nothing}&format=ndjson")).body == b""
    assert len((await boss.get(f"/audit-logs?{nothing}&format=csv")).body.splitlines()) == 1


async def test_an_export_is_itself_in_the_log(boss: Person) -> None:
    await boss.get("/audit-logs?format=csv&action=repo:deleted")
    (found,) = await records(boss, "action=audit_log:exported")
    assert (found["actor_user_id"], found["details"]["format"]) == (str(boss.id), "csv")
    assert found["details"]["filter"] == {"action": "repo:deleted"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\uff1d"])
async def test_no_cell_of_the_csv_is_a_formula(boss: Person, database: Database, start: str) -> None:
    await written(database, 1, user_agent=f"{start}HYPERLINK(1)", resource_id=f"{start}1")
    answer = await boss.get("/audit-logs?action=repo:changed&format=csv")
    (row,) = csv.DictReader(io.StringIO(answer.body.decode(), newline=""))
    assert (row["user_agent"], row["resource_id"]) == (f"'{start}HYPERLINK(1)", f"'{start}1")


def test_plain_text_is_left_as_it_is() -> None:
    assert [defused(text_) for text_ in ("", "Mozilla/5.0 (x-y)", "a=b", "::1")] == [
        "",
        "Mozilla/5.0 (x-y)",
        "a=b",
        "::1",
    ]
