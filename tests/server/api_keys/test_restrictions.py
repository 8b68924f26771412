"""What a key may do less than its owner: scopes, repositories, networks."""

from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.database import audited, rows
from tests.support.people import Person, ask, make_key, make_project, make_repo, use_key
from tgl_server.db.engine import Database


async def synced_repo(owner: Person, slug: str = "demo") -> tuple[str, str]:
    """The id of a repository in a new project of the owner's, and the path of its sync endpoints."""
    repo = await make_repo(owner, await make_project(owner, slug))
    return repo["id"], f"/sync/projects/{slug}/repos/{repo['name']}"


async def test_a_key_without_the_scope_is_refused_and_remembered(
    owner: Person, anyone: Api, database: Database
) -> None:
    _, path = await synced_repo(owner)
    reader = await make_key(owner, scopes=["read:repos"])
    assert (await use_key(anyone, reader, f"{path}/status")).status == 200
    push = await ask(anyone, reader["full_key"], f"{path}/commits", "POST", json=batch(commit()))
    assert (push.status, push.json["code"]) == (403, "insufficient_scope")
    assert await rows(database, "SELECT sha FROM commits") == []
    (row,) = await audited(database, "api_key:refused")
    assert (row.resource_id, row.details["reason"]) == (reader["id"], "insufficient_scope")


async def test_a_key_for_some_repositories_does_not_see_the_others(
    owner: Person, anyone: Api, database: Database
) -> None:
    (repo_id, path), (_, other_path) = await synced_repo(owner), await synced_repo(owner, "other")
    key = await make_key(owner, repo_ids=[repo_id, repo_id])
    assert (await use_key(anyone, key, f"{path}/status")).status == 200
    beyond = await use_key(anyone, key, f"{other_path}/status")
    assert (beyond.status, beyond.json["code"]) == (404, "project_not_found")
    (row,) = await audited(database, "api_key:refused")
    assert (row.resource_id, row.details["reason"]) == (key["id"], "project_not_found")
    assert (await use_key(anyone, key)).json["key_repo_ids"] == [repo_id]


async def test_only_repositories_that_the_user_sees_can_be_named(owner: Person, ada: Person) -> None:
    repo_id, _ = await synced_repo(owner)
    wanted = {"name": "ci", "repo_ids": [repo_id]}
    hidden = await ada.post("/api-keys", wanted)
    assert (hidden.status, hidden.json["errors"][0]["field"]) == (422, "repo_ids[0]")
    assert (await owner.post("/projects/demo/members", {"email": ada.email, "role": "member"})).status == 201
    assert (await ada.post("/api-keys", wanted)).json["repo_ids"] == [repo_id]


async def test_a_key_works_from_its_networks_alone(ada: Person, anyone: Api, database: Database) -> None:
    inside = await make_key(ada, networks=["127.0.0.0/8", "::1"])
    outside = await make_key(ada, networks=["203.0.113.0/24"])
    assert inside["networks"] == ["127.0.0.0/8", "::1/128"]
    assert (await use_key(anyone, inside)).status == 200
    refused = await use_key(anyone, outside)
    assert (refused.status, refused.json["code"]) == (403, "network_not_allowed")
    (row,) = await audited(database, "api_key:refused")
    assert (row.resource_id, row.details["reason"]) == (outside["id"], "network_not_allowed")


async def test_scopes_can_become_fewer_and_never_more(ada: Person, anyone: Api) -> None:
    key = await make_key(ada)
    path = f"/api-keys/{key['id']}"
    assert (await ada.patch(path, {"scopes": "read:repos"})).json["scopes"] == "read:repos"
    assert (await use_key(anyone, key)).json["scopes"] == "read:repos"
    widened = await ada.patch(path, {"scopes": ["read:repos", "sync:commits"]})
    assert (widened.status, widened.json["errors"][0]["field"]) == (422, "scopes")
    assert (await use_key(anyone, key)).json["scopes"] == "read:repos"
