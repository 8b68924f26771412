"""Moving repositories over HTTP, and how far a project has moved."""

from typing import Any

import msgspec
import pytest

from tests.support.commits import batch, numbered
from tests.support.database import audited
from tests.support.migration import dump
from tests.support.people import People, Person, make_project, make_repo
from tgl_protocol.commits import Commit
from tgl_protocol.comparison import digest_of, fingerprint
from tgl_server.db.engine import Database

URL = "https://git.example.com/linux.git"


@pytest.fixture
async def path(ada: Person) -> str:
    """The path of a repository that the server pulls."""
    project = await make_project(ada)
    await make_repo(ada, project, git_url=URL, sync_method="pull_celery")
    return f"{project}/repos/linux"


async def moved(person: Person, path: str, body: Any = None) -> Any:
    answer = await person.post(path, body)
    assert answer.status == 200, answer.body
    return answer.json


async def test_a_repository_is_moved_and_back(ada: Person, path: str, database: Database) -> None:
    run_id = (await ada.post(f"{path}/pull", None)).json["id"]
    done = await moved(ada, f"{path}/migrate-to-push")
    assert (done["current"], done["target"], done["changes"], done["dry_run"]) == (
        "pull_celery",
        "push_client",
        True,
        False,
    )
    assert (done["ended_runs"], done["credentials"], done["warnings"]) == ([run_id], "none", [])
    assert (await ada.get(f"/sync{path}/runs/{run_id}")).json["state"] == "cancelled"
    assert (await ada.get(path)).json["sync_method"] == "push_client"
    assert (await ada.post(f"/sync{path}/commits", batch(*numbered(1)))).status == 201
    back = await moved(ada, f"{path}/rollback-to-pull", {})
    assert (back["target"], len(back["warnings"])) == ("pull_celery", 2)
    refused = await ada.post(f"/sync{path}/commits", batch(*numbered(1)))
    assert (refused.status, refused.json["code"]) == (400, "not_a_push_repository")
    for action in ("repo:migrated_to_push", "repo:rolled_back_to_pull"):
        (entry,) = await audited(database, action)
        assert (entry.outcome, entry.actor_user_id, "sync_method" in entry.details["changed"]) == (
            "success",
            ada.id,
            True,
        )


async def test_a_dry_run_changes_no_byte(ada: Person, path: str, database: Database) -> None:
    await ada.post(f"{path}/pull", None)
    before = await dump(database)
    plan = await moved(ada, f"{path}/migrate-to-push", {"dry_run": True})
    assert (plan["changes"], plan["dry_run"], len(plan["ended_runs"])) == (True, True, 1)
    again = await moved(ada, f"{path}/rollback-to-pull", {"dry_run": True})
    assert (again["changes"], again["warnings"]) == (False, [])
    assert await dump(database) == before


async def test_a_change_of_the_method_is_a_move_like_any_other(ada: Person, path: str, database: Database) -> None:
    run_id = (await ada.post(f"{path}/pull", None)).json["id"]
    changed = await ada.patch(path, {"sync_method": "push_client", "name": "unix"})
    assert (changed.json["sync_method"], changed.json["name"]) == ("push_client", "unix")
    renamed = path.replace("linux", "unix")
    assert (await ada.get(f"/sync{renamed}/runs/{run_id}")).json["state"] == "cancelled"
    (entry,) = await audited(database, "repo:migrated_to_push")
    assert entry.details["changed"] == {"sync_method": {"from": "pull_celery", "to": "push_client"}}
    (entry,) = await audited(database, "repo:changed")
    assert entry.details["changed"] == {"name": {"from": "linux", "to": "unix"}}


async def test_members_who_only_read_move_nothing_and_that_is_audited(
    ada: Person, path: str, people: People, database: Database
) -> None:
    grace = await people.make("grace")
    await ada.post("/projects/team/members", {"email": grace.email, "role": "member"})
    assert (await grace.post(f"{path}/migrate-to-push", None)).status == 403
    (entry,) = await audited(database, "repo:migrated_to_push")
    assert (entry.outcome, entry.actor_user_id) == ("refused", grace.id)


async def test_the_status_counts_what_the_caller_sees(ada: Person, path: str, people: People) -> None:
    await make_repo(ada, "/projects/team", "unix")
    other = await make_repo(ada, "/projects/team", "minix")
    expected = {"project": "team", "pull_celery": 1, "push_client": 2, "total": 3, "with_credentials": 0}
    assert (await ada.get("/projects/team/migration")).json == {**expected, "percent_pushed": 66.7}
    key = await people.with_key(ada, repo_ids=[other["id"]])
    seen = (await key.get("/projects/team/migration")).json
    assert (seen["total"], seen["percent_pushed"]) == (1, 100)


async def test_an_empty_project_has_moved_nothing(ada: Person) -> None:
    path = await make_project(ada)
    answer = (await ada.get(f"{path}/migration")).json
    assert (answer["project"], answer["total"], answer["percent_pushed"]) == ("team", 0, 0)


async def test_digests_are_those_of_the_commits_that_were_sent(ada: Person) -> None:
    project = await make_project(ada)
    await make_repo(ada, project)
    path = f"{project}/repos/linux"
    sent = numbered(5)
    sent[0] |= {"author_email": "ADA@Example.com", "parent_count": None, "is_merge": None, "parents": ["AB" * 20] * 2}
    await ada.post(f"/sync{path}/commits", batch(*sent))
    found: dict[str, str] = {}
    cursor = ""
    while True:
        page = (await ada.get(f"{path}/digests?limit=2{cursor}")).json
        assert (page["total"], len(page["digests"]) <= 2) == (5, True)
        found |= page["digests"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    ours = {commit["sha"]: digest_of(msgspec.convert(commit, Commit)) for commit in sent}
    assert found == {sha: digest.hex() for sha, digest in sorted(ours.items())}
    assert fingerprint({sha: bytes.fromhex(digest) for sha, digest in found.items()}) == fingerprint(ours)
