"""Reading the audit log: who may, filters, pages, and the export for a spreadsheet or an archive."""

import csv
import io
import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.server.people import People, Person
from tests.server.projects.test_projects import made
from tgl_server.accounts.models import Role
from tgl_server.audit.export import defused
from tgl_server.audit.reading import CHUNK_ROWS
from tgl_server.db.engine import Database

WRITE = text("""
    INSERT INTO audit_logs (id, at, action, outcome, resource_type, resource_id, user_agent)
    SELECT gen_random_uuid(), timestamptz '2026-01-01Z' + n * interval '1 minute', :action, 'success', 'repo',
           :resource_id, :user_agent
    FROM generate_series(1, :count) AS n
""")


@pytest.fixture
async def chef(people: People) -> Person:
    return await people.make("chef", Role.COMMISSIONER)


async def records(chef: Person, query: str = "") -> list[dict[str, Any]]:
    answer = await chef.get(f"/audit-logs?{query}")
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json["items"]
    return found


async def written(database: Database, count: int, **fields: Any) -> None:
    """Rows of a minute apart, the oldest first."""
    values = {"action": "repo:changed", "resource_id": "x", "user_agent": None, "count": count, **fields}
    async with database.transaction() as tx:
        await tx.execute(WRITE, values)


async def test_only_a_commissioner_who_logged_in_reads_the_log(people: People, chef: Person) -> None:
    ada = await people.make("ada")
    key = await people.with_key(chef)
    assert [(await person.get("/audit-logs")).status for person in (chef, ada, key)] == [200, 403, 403]
    await people.set_state(chef, "retired")
    assert (await chef.get("/audit-logs")).status == 401


async def test_an_act_is_told_with_who_did_it_and_from_where(people: People, chef: Person) -> None:
    ada = await people.make("ada")
    headers = {"User-Agent": "a browser", "X-Request-Id": "request-7"}
    body = {"slug": "team", "name": "Team"}
    project = (await ada.api.request("POST", "/api/v1/projects", json=body, headers=headers)).json
    (found,) = await records(chef, "action=project:created")
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
    }


async def test_filters_narrow_the_log(people: People, chef: Person) -> None:
    ada, ben = await people.make("ada"), await people.make("ben")
    path, other = await made(ada), await made(ben, "other")
    await ben.patch(other, {"owner_id": str(ada.id)})
    await ben.delete(other)
    project_id = (await ada.get(other)).json["id"]
    assert len(await records(chef, "action=project:created")) == 2
    assert len(await records(chef, f"action=project:created&actor_user_id={ada.id}")) == 1
    about = await records(chef, f"resource_type=project&resource_id={project_id}")
    assert [(item["action"], item["outcome"]) for item in about] == [
        ("project:deleted", "refused"),
        ("project:transferred", "success"),
        ("project:created", "success"),
    ]
    assert [item["action"] for item in await records(chef, "outcome=refused")] == ["project:deleted"]
    assert await records(chef, f"actor_key_id={uuid4()}") == []
    assert await records(chef, "resource_id=%25") == []
    assert (await ada.get(path)).status == 200


async def test_a_span_of_time_includes_its_start_and_not_its_end(chef: Person, database: Database) -> None:
    await written(database, 10)
    found = await records(chef, "action=repo:changed&since=2026-01-01T00:03:00Z&until=2026-01-01T00:06:00")
    assert [item["at"] for item in found] == [f"2026-01-01T00:0{minute}:00Z" for minute in (5, 4, 3)]


async def test_pages_hold_each_row_once_while_others_are_written(chef: Person, database: Database) -> None:
    await written(database, 5)
    await written(database, 5)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await chef.get(f"/audit-logs?action=repo:changed&limit=3{cursor}")).json
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
async def test_a_query_that_does_not_validate_is_refused(chef: Person, query: str) -> None:
    answer = await chef.get(f"/audit-logs?{query}")
    assert (answer.status, answer.json["code"]) == (422, "invalid_parameter")


async def test_an_export_has_every_row_that_the_filter_asks_for(chef: Person, database: Database) -> None:
    rows = 2 * CHUNK_ROWS + 5
    await written(database, rows)
    await written(database, 3, action="repo:deleted")
    answer = await chef.get("/audit-logs?action=repo:changed&limit=1", headers={"Accept": "application/x-ndjson"})
    assert answer.headers["Content-Type"].startswith("application/x-ndjson")
    assert "audit-log.ndjson" in answer.headers["Content-Disposition"]
    found = [json.loads(line) for line in answer.body.splitlines()]
    assert len({item["id"] for item in found}) == len(found) == rows
    assert found[:10] == await records(chef, "action=repo:changed&limit=10")
    assert [item["at"] for item in found] == sorted((item["at"] for item in found), reverse=True)


async def test_a_csv_has_the_same_rows_under_a_header(chef: Person, database: Database) -> None:
    await written(database, 3, user_agent='say "hi", twice')
    answer = await chef.get("/audit-logs?action=repo:changed&format=csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    found = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [row["id"] for row in found] == [item["id"] for item in await records(chef, "action=repo:changed")]
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
async def test_the_format_is_the_one_that_is_asked_for(chef: Person, accept: str, query: str, expected: str) -> None:
    answer = await chef.get(f"/audit-logs?{query}", headers={"Accept": accept})
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, expected)


async def test_nothing_found_is_an_empty_file(chef: Person) -> None:
    nothing = f"actor_key_id={uuid4()}"
    assert (await chef.get(f"/audit-logs?{nothing}&format=ndjson")).body == b""
    assert len((await chef.get(f"/audit-logs?{nothing}&format=csv")).body.splitlines()) == 1


async def test_an_export_is_itself_in_the_log(chef: Person) -> None:
    await chef.get("/audit-logs?format=csv&action=repo:deleted")
    (found,) = await records(chef, "action=audit_log:exported")
    assert (found["actor_user_id"], found["details"]["format"]) == (str(chef.id), "csv")
    assert found["details"]["filter"] == {"action": "repo:deleted"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r", " =", "\uff1d"])
async def test_no_cell_of_the_csv_is_a_formula(chef: Person, database: Database, start: str) -> None:
    await written(database, 1, user_agent=f"{start}HYPERLINK(1)", resource_id=f"{start}1")
    answer = await chef.get("/audit-logs?action=repo:changed&format=csv")
    (row,) = csv.DictReader(io.StringIO(answer.body.decode(), newline=""))
    assert (row["user_agent"], row["resource_id"]) == (f"'{start}HYPERLINK(1)", f"'{start}1")


def test_plain_text_is_left_as_it_is() -> None:
    assert [defused(text_) for text_ in ("", "Mozilla/5.0 (x-y)", "a=b", "::1")] == [
        "",
        "Mozilla/5.0 (x-y)",
        "a=b",
        "::1",
    ]
