"""Repositories: registering, seeing, changing and deleting them."""

from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.commits import batch, numbered
from tests.server.people import People, Person
from tests.server.projects.test_projects import made
from tgl_server.accounts.models import Role
from tgl_server.auth.principal import Scope
from tgl_server.db.engine import Database


async def registered(person: Person, path: str, name: str = "linux", **fields: Any) -> dict[str, Any]:
    answer = await person.post(f"{path}/repos", {"name": name, **fields})
    assert answer.status == 201, answer.body
    found: dict[str, Any] = answer.json
    return found


async def rows_of(database: Database, repo_id: str) -> dict[str, int]:
    async with database.statements() as connection:
        return {
            table: await connection.scalar(
                text(f"SELECT count(*) FROM {table} WHERE {column} = :id"), {"id": UUID(repo_id)}
            )
            for table, column in (
                ("commits", "repo_id"),
                ("repo_refs", "repo_id"),
                ("sync_runs", "repo_id"),
                ("repos", "id"),
            )
        }


async def test_a_new_repository_has_never_synced(people: People) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    repo = await registered(ada, path, git_url="https://git.example.com/linux.git", expected_cadence_seconds=3600)
    assert repo == {
        "id": repo["id"],
        "project_id": (await ada.get(path)).json["id"],
        "name": "linux",
        "git_url": "https://git.example.com/linux.git",
        "sync_method": "push_client",
        "expected_cadence_seconds": 3600,
        "status": "pending",
        "last_sync_at": None,
        "last_ingested_sha": None,
        "total_commits": 0,
        "error_message": None,
        "last_attempt_at": None,
        "last_success_at": None,
        "stale": True,
        "last_error_at": None,
        "last_error": None,
        "learned_cadence_seconds": None,
        "created_at": repo["created_at"],
    }
    for address in ("linux", repo["id"], repo["id"].upper()):
        assert (await ada.get(f"{path}/repos/{address}")).json == repo


async def test_a_repository_shows_the_state_of_its_sync(people: People) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    await registered(ada, path, expected_cadence_seconds=3600)
    await ada.post(f"/sync{path}/repos/linux/commits", batch(*numbered(3)))
    repo = (await ada.get(f"{path}/repos/linux")).json
    status = (await ada.get(f"/sync{path}/repos/linux/status")).json
    assert {name: repo[name] for name in status if name not in ("repo_id", "refs")} == {
        name: value for name, value in status.items() if name not in ("repo_id", "refs")
    }
    assert (repo["status"], repo["total_commits"], repo["stale"]) == ("healthy", 3, False)
    project = (await ada.get(path)).json
    assert (project["repo_count"], project["total_commits"]) == (1, 3)


NAMES = [
    "linux",
    "my.repo",
    "a_b-c",
    "folder-3fa1c2",
    "a b",
    "Ünïcödé",
    "项目",
    "x" * 100,
    "a%2Fb",
    "a?b#c",
    "...",
    "@",
]


async def test_a_repository_is_found_by_its_name(people: People) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    for name in NAMES:
        repo = await registered(ada, path, name)
        assert (await ada.get(f"{path}/repos/{quote(name, safe='')}")).json == repo


BAD_NAMES = [
    "", " ", "a ", " a", "a/b", "a\\b", ".", "..", "a\nb", "a\0b", "a\tb", "a\x7fb", "a\u200bb", "a\u202eb", "a\u00a0b",
    "x" * 101, str(uuid4()), uuid4().hex, f"{{{uuid4()}}}", "\ud800", "a\udfffb", None, 5, ["a"],
]  # fmt: skip


async def test_a_name_that_would_confuse_is_refused(people: People) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    await registered(ada, path)
    for name in BAD_NAMES:
        new = await ada.post(f"{path}/repos", {"name": name})
        changed = await ada.patch(f"{path}/repos/linux", {"name": name})
        assert (new.status, new.json["code"], changed.status) == (422, "invalid_body", 422), repr(name)
    assert [repo["name"] for repo in (await ada.get(f"{path}/repos")).json["items"]] == ["linux"]


GOOD_URLS = [
    "https://git.example.com/a.git", "HTTP://h:8080/a", "ssh://git@h:22/a", "git@example.com:a/b.git", "git://h/a",
]  # fmt: skip


async def test_a_git_url_without_credentials_is_kept(people: People) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    await registered(ada, path)
    for url in GOOD_URLS:
        assert (await ada.patch(f"{path}/repos/linux", {"git_url": url})).json["git_url"] == url


BAD_URLS = [
    "https://ada:hunter2@h/a", "https://hunter2@h/a", "ssh://git:hunter2@h/a", "https://h/a?token=hunter2",
    "https://h/a#hunter2", "hunter2:hunter2@h:a", "https://ada:hunt/er2@h/a", "https://ada%3Ahunter2@h/a",
    "ext::sh -c hunter2", "ext::hunter2", "file:///hunter2", "/hunter2", "hunter2", "javascript:hunter2",
    "-oProxyCommand=hunter2:a", "ssh://-oProxyCommand=hunter2/a", "ssh://-hunter2@h/a", "https://h/hunter2\n",
    "https://h/\0hunter2", "https:// h/hunter2", "https://[hunter2", "C:\\hunter2", "", "x" * 2049,
]  # fmt: skip


async def test_a_git_url_that_could_hold_a_secret_or_run_a_program_is_refused_and_stored_nowhere(
    people: People, database: Database
) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    await registered(ada, path)
    for url in BAD_URLS:
        new = await ada.post(f"{path}/repos", {"name": "other", "git_url": url})
        changed = await ada.patch(f"{path}/repos/linux", {"git_url": url})
        assert (new.status, changed.status) == (422, 422), url
        assert b"hunter2" not in new.body + changed.body
    async with database.statements() as connection:
        assert await connection.scalar(text("SELECT count(git_url) FROM repos")) == 0
        audited = await connection.scalar(text("SELECT string_agg(CAST(a AS text), '') FROM audit_logs a"))
    assert "hunter2" not in audited


async def test_a_rename_keeps_the_id_and_the_commits(people: People) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    repo = await registered(ada, path)
    await ada.post(f"/sync{path}/repos/linux/commits", batch(*numbered(2)))
    renamed = (await ada.patch(f"{path}/repos/linux", {"name": "unix"})).json
    assert (renamed["id"], renamed["name"], renamed["total_commits"]) == (repo["id"], "unix", 2)
    assert (await ada.get(f"{path}/repos/linux")).status == 404
    assert len((await ada.get(f"{path}/repos/unix/commits")).json["items"]) == 2


async def test_null_takes_away_what_may_be_missing(people: People) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    await registered(ada, path, git_url="https://h/a", expected_cadence_seconds=60)
    changed = (await ada.patch(f"{path}/repos/linux", {"sync_method": "pull_celery"})).json
    assert (changed["git_url"], changed["expected_cadence_seconds"]) == ("https://h/a", 60)
    changed = (await ada.patch(f"{path}/repos/linux", {"git_url": None, "expected_cadence_seconds": None})).json
    assert (changed["git_url"], changed["expected_cadence_seconds"]) == (None, None)
    assert (changed["sync_method"], changed["stale"]) == ("pull_celery", False)
    for body in ({"name": None}, {"sync_method": None}, {"sync_method": "x"}, {"expected_cadence_seconds": 59}):
        assert (await ada.patch(f"{path}/repos/linux", body)).status == 422


async def test_a_repository_that_is_pulled_takes_no_push(people: People) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    await registered(ada, path, sync_method="pull_celery")
    answer = await ada.post(f"/sync{path}/repos/linux/commits", batch(*numbered(1)))
    assert (answer.status, answer.json["code"]) == (400, "not_a_push_repository")


async def test_a_name_is_taken_once_in_a_project(people: People) -> None:
    ada = await people.make("ada")
    path, other = await made(ada), await made(ada, "other")
    await registered(ada, path)
    assert (await ada.post(f"{path}/repos", {"name": "linux"})).status == 409
    await registered(ada, path, "unix")
    assert (await ada.patch(f"{path}/repos/unix", {"name": "linux"})).status == 409
    await registered(ada, other)


async def test_a_repository_is_not_found_through_another_project(people: People) -> None:
    ada = await people.make("ada")
    path, other = await made(ada), await made(ada, "other")
    repo = await registered(ada, path)
    for address in ("linux", repo["id"]):
        assert (await ada.get(f"{other}/repos/{address}")).status == 404
        assert (await ada.delete(f"{other}/repos/{address}")).status == 404


async def test_deleting_a_repository_deletes_its_commits_and_says_how_many(people: People, database: Database) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    kept, gone = await registered(ada, path, "kept"), await registered(ada, path, "gone")
    commits = numbered(4)
    for name in ("kept", "gone"):
        await ada.post(f"/sync{path}/repos/{name}/commits", batch(*commits))
        await ada.api.put(f"/api/v1/sync{path}/repos/{name}/refs", {"refs": {"refs/heads/main": commits[0]["sha"]}})
    answer = await ada.delete(f"{path}/repos/gone")
    assert (answer.status, answer.json) == (200, {"repo_id": gone["id"], "commits": 4})
    assert await rows_of(database, gone["id"]) == {"commits": 0, "repo_refs": 0, "sync_runs": 0, "repos": 0}
    assert await rows_of(database, kept["id"]) == {"commits": 4, "repo_refs": 1, "sync_runs": 1, "repos": 1}
    assert (await ada.delete(f"{path}/repos/gone")).status == 404


async def test_deleting_a_project_deletes_its_repositories(people: People, database: Database) -> None:
    ada, mia = await people.make("ada"), await people.make("mia")
    path = await made(ada)
    await ada.post(f"{path}/members", {"user_id": str(mia.id)})
    repos = [await registered(ada, path, name) for name in ("a", "b")]
    for name in ("a", "b"):
        await ada.post(f"/sync{path}/repos/{name}/commits", batch(*numbered(3)))
    answer = (await ada.delete(path)).json
    assert (answer["repos"], answer["commits"]) == (2, 6)
    for repo in repos:
        assert set((await rows_of(database, repo["id"])).values()) == {0}
    async with database.statements() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM project_members")) == 0


async def test_members_read_and_maintainers_change_repositories(people: People) -> None:
    ada, mia, max_ = await people.make("ada"), await people.make("mia"), await people.make("max")
    chef, stranger = await people.make("chef", Role.COMMISSIONER), await people.make("stranger")
    path = await made(ada)
    await registered(ada, path)
    await ada.post(f"{path}/members", {"user_id": str(mia.id)})
    await ada.post(f"{path}/members", {"user_id": str(max_.id), "role": "maintainer"})
    for person, expected in ((mia, 403), (chef, 403), (stranger, 404)):
        assert (await person.post(f"{path}/repos", {"name": "x"})).status == expected
        assert (await person.patch(f"{path}/repos/linux", {"name": "x"})).status == expected
        assert (await person.delete(f"{path}/repos/linux")).status == expected
        assert (await person.get(f"{path}/repos/linux")).status == (404 if person is stranger else 200)
        assert (await person.get(f"{path}/repos")).status == (404 if person is stranger else 200)
    assert (await max_.post(f"{path}/repos", {"name": "x"})).status == 201
    assert (await max_.patch(f"{path}/repos/x", {"name": "y"})).status == 200
    assert (await max_.delete(f"{path}/repos/y")).status == 200


async def test_a_key_registers_a_repository_and_changes_nothing_else(people: People) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    key = await people.with_key(ada)
    assert (await key.post(f"{path}/repos", {"name": "linux"})).status == 201
    refused = [
        await key.post("/projects", {"slug": "other", "name": "Other"}),
        await key.patch(path, {"name": "x"}),
        await key.delete(path),
        await key.post(f"{path}/members", {"user_id": str(uuid4())}),
        await key.patch(f"{path}/members/{uuid4()}", {"role": "member"}),
        await key.delete(f"{path}/members/{uuid4()}"),
        await key.patch(f"{path}/repos/linux", {"name": "x"}),
        await key.delete(f"{path}/repos/linux"),
    ]
    assert {(answer.status, answer.json["code"]) for answer in refused} == {(403, "session_required")}


async def test_reading_needs_the_scope_to_read(people: People) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    await registered(ada, path)
    pushing = await people.with_key(ada, [Scope.SYNC_COMMITS])
    reading = await people.with_key(ada, [Scope.READ_REPOS])
    addresses = [
        "/projects",
        path,
        f"{path}/members",
        f"{path}/repos",
        f"{path}/repos/linux",
        f"{path}/repos/linux/commits",
    ]
    for address in addresses:
        assert (await reading.get(address)).status == 200
        answer = await pushing.get(address)
        assert (answer.status, answer.json["code"]) == (403, "insufficient_scope")
    assert (await reading.post(f"{path}/repos", {"name": "x"})).json["code"] == "insufficient_scope"


async def test_a_restricted_key_sees_its_repositories_and_nothing_else(people: People) -> None:
    ada = await people.make("ada", Role.COMMISSIONER)
    path, other = await made(ada), await made(ada, "other")
    mine = await registered(ada, path, "mine")
    await registered(ada, path, "hidden")
    await registered(ada, other, "elsewhere")
    await ada.post(f"/sync{path}/repos/hidden/commits", batch(*numbered(3)))
    key = await people.with_key(ada, repo_ids=[UUID(mine["id"])])
    projects = (await key.get("/projects")).json["items"]
    assert [(project["slug"], project["repo_count"], project["total_commits"]) for project in projects] == [
        ("team", 1, 0)
    ]
    assert (await key.get(path)).json == projects[0]
    assert [repo["name"] for repo in (await key.get(f"{path}/repos")).json["items"]] == ["mine"]
    hidden = [
        other,
        f"{other}/repos",
        f"{other}/repos/elsewhere",
        f"{path}/repos/hidden",
        f"{path}/repos/hidden/commits",
    ]
    assert [(await key.get(address)).status for address in hidden] == [404] * 5
    assert (await key.get(f"{path}/members")).status == 403
    assert (await key.post(f"{path}/repos", {"name": "new"})).status == 403


async def test_repositories_come_in_pages_by_name(people: People) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    for name in ("c", "a", "b"):
        await registered(ada, path, name)
    first = (await ada.get(f"{path}/repos?limit=2")).json
    second = (await ada.get(f"{path}/repos?limit=2&cursor={first['next_cursor']}")).json
    assert [repo["name"] for page in (first, second) for repo in page["items"]] == ["a", "b", "c"]
    assert (await ada.get(f"{path}/repos?cursor=x")).status == 422


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"Content-Type": "text/plain"}, b'{"name": "x"}', (415, "unsupported_media_type")),
        ({"Content-Type": "application/json"}, b"{", (422, "invalid_body")),
        ({"Content-Type": "application/json"}, b"\xff", (422, "invalid_body")),
        ({"Content-Type": "application/json"}, b"", (422, "invalid_body")),
        ({"Content-Type": "application/json"}, b"[" * 100_000, (422, "invalid_body")),
        ({"Content-Type": "application/json"}, b'"' + b"x" * 300_000 + b'"', (413, "body_too_large")),
        ({"Content-Type": "application/json", "Content-Encoding": "br"}, b"{}", (415, "unsupported_encoding")),
    ],
    ids=["media type", "cut off", "no text", "empty", "deep", "large", "encoding"],
)
async def test_a_body_that_is_no_json_is_refused(
    people: People, headers: dict[str, str], body: bytes, expected: tuple[int, str]
) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    answer = await ada.api.request("POST", f"/api/v1{path}/repos", data=body, headers=headers)
    assert (answer.status, answer.json["code"]) == expected


async def test_unknown_fields_are_ignored(people: People) -> None:
    ada = await people.make("ada")
    path = await made(ada)
    repo = await registered(ada, path, owner="nobody", total_commits=7)
    assert repo["total_commits"] == 0
