"""Repositories: registering, seeing, changing and deleting them."""

import pytest

from tests.support.commits import batch, numbered
from tests.support.database import count, rows_of_repo
from tests.support.people import People, make_project, make_repo
from tgl_server.db.engine import Database

#: What only who pushes is told.
OF_PUSHING = {"refs", "refs_total", "refs_digest", "roots", "last_removal", "behind_since"}


async def test_a_new_repository_has_never_synced(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    repo = await make_repo(ada, path, git_url="https://git.example.com/linux.git", expected_cadence_seconds=3600)
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
    path = await make_project(ada)
    await make_repo(ada, path, expected_cadence_seconds=3600)
    await ada.post(f"/sync{path}/repos/linux/commits", batch(*numbered(3)))
    repo = (await ada.get(f"{path}/repos/linux")).json
    status = (await ada.get(f"/sync{path}/repos/linux/status")).json
    assert status.keys() - repo.keys() == {"repo_id", *OF_PUSHING}
    assert {name: repo[name] for name in status if name in repo} == {
        name: value for name, value in status.items() if name in repo
    }
    assert (repo["status"], repo["total_commits"], repo["stale"]) == ("healthy", 3, False)
    project = (await ada.get(path)).json
    assert (project["repo_count"], project["total_commits"]) == (1, 3)


async def test_a_rename_keeps_the_id_and_the_commits(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    repo = await make_repo(ada, path)
    await ada.post(f"/sync{path}/repos/linux/commits", batch(*numbered(2)))
    renamed = (await ada.patch(f"{path}/repos/linux", {"name": "unix"})).json
    assert (renamed["id"], renamed["name"], renamed["total_commits"]) == (repo["id"], "unix", 2)
    assert (await ada.get(f"{path}/repos/linux")).status == 404
    assert len((await ada.get(f"{path}/repos/unix/commits")).json["items"]) == 2


async def test_null_takes_away_what_may_be_missing(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    await make_repo(ada, path, git_url="https://h/a", expected_cadence_seconds=60)
    changed = (await ada.patch(f"{path}/repos/linux", {"sync_method": "pull_celery"})).json
    assert (changed["git_url"], changed["expected_cadence_seconds"]) == ("https://h/a", 60)
    changed = (await ada.patch(f"{path}/repos/linux", {"git_url": None, "expected_cadence_seconds": None})).json
    assert (changed["git_url"], changed["expected_cadence_seconds"]) == (None, None)
    assert (changed["sync_method"], changed["stale"]) == ("pull_celery", False)
    for body in ({"name": None}, {"sync_method": None}, {"sync_method": "x"}, {"expected_cadence_seconds": 59}):
        assert (await ada.patch(f"{path}/repos/linux", body)).status == 422


async def test_a_repository_that_is_pulled_takes_no_push(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    await make_repo(ada, path, sync_method="pull_celery")
    answer = await ada.post(f"/sync{path}/repos/linux/commits", batch(*numbered(1)))
    assert (answer.status, answer.json["code"]) == (400, "not_a_push_repository")


async def test_a_name_is_taken_once_in_a_project(people: People) -> None:
    ada = await people.make("ada")
    path, other = await make_project(ada), await make_project(ada, "other")
    await make_repo(ada, path)
    assert (await ada.post(f"{path}/repos", {"name": "linux"})).status == 409
    await make_repo(ada, path, "unix")
    assert (await ada.patch(f"{path}/repos/unix", {"name": "linux"})).status == 409
    await make_repo(ada, other)


async def test_a_repository_is_not_found_through_another_project(people: People) -> None:
    ada = await people.make("ada")
    path, other = await make_project(ada), await make_project(ada, "other")
    repo = await make_repo(ada, path)
    for address in ("linux", repo["id"]):
        assert (await ada.get(f"{other}/repos/{address}")).status == 404
        assert (await ada.delete(f"{other}/repos/{address}")).status == 404


async def test_deleting_a_repository_deletes_its_commits_and_says_how_many(people: People, database: Database) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    kept, gone = await make_repo(ada, path, "kept"), await make_repo(ada, path, "gone")
    commits = numbered(4)
    for name in ("kept", "gone"):
        await ada.post(f"/sync{path}/repos/{name}/commits", batch(*commits))
        await ada.api.put(f"/api/v1/sync{path}/repos/{name}/refs", {"refs": {"refs/heads/main": commits[0]["sha"]}})
    answer = await ada.delete(f"{path}/repos/gone")
    assert (answer.status, answer.json) == (200, {"repo_id": gone["id"], "commits": 4})
    assert set((await rows_of_repo(database, gone["id"])).values()) == {0}
    found = await rows_of_repo(database, kept["id"])
    sums = ("author_days", "author_months", "author_totals", "repo_days", "repo_weeks", "repo_authors")  # soon after
    assert {table: rows for table, rows in found.items() if table not in sums} == {
        "commits": 4,
        "repo_refs": 1,
        "ref_updates": 0,
        "landed": 0,
        "sync_runs": 1,
        "sync_run_errors": 0,
        "repo_states": 1,
        "ingest_log": 2,
        "repo_pulls": 0,
        "remote_tips": 0,
        "follower_marks": 4,
        "repo_roots": 0,
        "repos": 1,
    }
    assert (await ada.delete(f"{path}/repos/gone")).status == 404


async def test_deleting_a_project_deletes_its_repositories(people: People, database: Database) -> None:
    ada, mia = await people.make("ada"), await people.make("mia")
    path = await make_project(ada)
    await ada.post(f"{path}/members", {"user_id": str(mia.id)})
    repos = [await make_repo(ada, path, name) for name in ("a", "b")]
    for name in ("a", "b"):
        await ada.post(f"/sync{path}/repos/{name}/commits", batch(*numbered(3)))
    answer = (await ada.delete(path)).json
    assert (answer["repos"], answer["commits"]) == (2, 6)
    for repo in repos:
        assert set((await rows_of_repo(database, repo["id"])).values()) == {0}
    assert await count(database, "project_members") == 0


async def test_repositories_come_in_pages_by_name(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    for name in ("c", "a", "b"):
        await make_repo(ada, path, name)
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
    path = await make_project(ada)
    answer = await ada.api.request("POST", f"/api/v1{path}/repos", data=body, headers=headers)
    assert (answer.status, answer.json["code"]) == expected


async def test_unknown_fields_are_refused_by_name(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    refused = await ada.post(f"{path}/repos", {"name": "linux", "total_commits": 7})
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "total_commits")
    assert (await ada.get(f"{path}/repos")).json["items"] == []
