"""What projects, members and repositories write into the audit log, when it works and when it is refused."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from tests.support.commits import batch, numbered
from tests.support.database import count
from tests.support.people import People, Person, make_project, make_repo
from tgl_server.accounts.models import Role
from tgl_server.auth.principal import Scope
from tgl_server.db.engine import Database


async def last(database: Database, action: str) -> dict[str, Any]:
    query = "SELECT * FROM audit_logs WHERE action = :action ORDER BY at DESC, id DESC LIMIT 1"
    async with database.statements() as connection:
        found = (await connection.execute(text(query), {"action": action})).mappings().one()
    return dict(found)


async def told(database: Database, action: str, actor: Person) -> dict[str, Any]:
    """The last row's details, after a look at the rest."""
    row = await last(database, action)
    assert (row["actor_user_id"], row["outcome"], str(row["ip"])) == (actor.id, "success", "127.0.0.1")
    assert row["request_id"]
    assert row["user_agent"].startswith("Python/")
    details: dict[str, Any] = row["details"]
    return details


async def test_changes_tell_the_old_and_the_new_value(people: People, database: Database) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    await ada.patch(path, {"name": "Crew", "slug": "team"})
    assert await told(database, "project:changed", ada) == {"changed": {"name": {"from": "Team", "to": "Crew"}}}
    await make_repo(ada, path)
    await ada.patch(f"{path}/repos/linux", {"name": "unix", "expected_cadence_seconds": 60})
    assert (await told(database, "repo:changed", ada))["changed"] == {
        "name": {"from": "linux", "to": "unix"},
        "expected_cadence": {"from": None, "to": "PT60S"},
    }


async def test_users_and_keys_tell_it_in_the_same_shape(people: People, database: Database) -> None:
    chef, ada = await people.make("chef", Role.COMMISSIONER), await people.make("ada")
    await chef.patch(f"/users/{ada.id}", {"role": "spectator", "state": "active"})
    assert await told(database, "user:changed", chef) == {"changed": {"role": {"from": "player", "to": "spectator"}}}
    key = (await ada.post("/api-keys", {"name": "laptop", "scopes": "sync:commits"})).json
    await ada.patch(f"/api-keys/{key['id']}", {"name": "build", "is_active": True})
    changed = {"name": {"from": "laptop", "to": "build"}}
    assert await told(database, "api_key:changed", ada) == {"prefix": key["prefix"], "changed": changed}


async def test_handing_over_tells_both_owners(people: People, database: Database) -> None:
    ada, mia = await people.make("ada"), await people.make("mia")
    await ada.patch(await make_project(ada), {"owner_id": str(mia.id)})
    changed = {"owner_id": {"from": str(ada.id), "to": str(mia.id)}}
    assert await told(database, "project:transferred", ada) == {"changed": changed}


async def test_a_change_of_nothing_is_not_told(people: People, database: Database) -> None:
    ada, mia = await people.make("ada"), await people.make("mia")
    path = await make_project(ada)
    await make_repo(ada, path)
    await ada.post(f"{path}/members", {"user_id": str(mia.id)})
    before = await count(database, "audit_logs")
    await ada.patch(path, {"name": "Team", "owner_id": str(ada.id)})
    await ada.patch(f"{path}/repos/linux", {"name": "linux"})
    await ada.patch(f"{path}/members/{mia.id}", {"role": "member"})
    assert await count(database, "audit_logs") == before


async def test_members_who_come_and_go_are_told_under_the_project(people: People, database: Database) -> None:
    ada, mia = await people.make("ada"), await people.make("mia")
    path = await make_project(ada)
    project_id = (await ada.get(path)).json["id"]
    await ada.post(f"{path}/members", {"user_id": str(mia.id)})
    assert await told(database, "member:added", ada) == {"user_id": str(mia.id), "role": "member"}
    await ada.patch(f"{path}/members/{mia.id}", {"role": "maintainer"})
    changed = (await told(database, "member:changed", ada))["changed"]
    assert changed == {"role": {"from": "member", "to": "maintainer"}}
    await mia.delete(f"{path}/members/{mia.id}")
    assert await told(database, "member:removed", mia) == {"user_id": str(mia.id), "role": "maintainer"}
    assert (await last(database, "member:removed"))["resource_id"] == project_id


async def test_deletions_tell_what_went(people: People, database: Database) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    for name in ("a", "b"):
        await make_repo(ada, path, name)
        await ada.post(f"/sync{path}/repos/{name}/commits", batch(*numbered(2)))
    await ada.delete(f"{path}/repos/a")
    assert (await told(database, "repo:deleted", ada))["commits"] == 2
    await ada.delete(path)
    assert await told(database, "repo:deleted", ada) == {"name": "b", "with_project": "team"}
    assert await told(database, "project:deleted", ada) == {"slug": "team", "name": "Team", "repos": 1, "commits": 2}


async def test_a_key_is_named_beside_its_owner(people: People, database: Database) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    key = await people.with_key(ada)
    await make_repo(key, path)
    row = await last(database, "repo:created")
    assert (row["actor_user_id"], row["details"]["name"]) == (ada.id, "linux")
    async with database.statements() as connection:
        assert row["actor_key_id"] == await connection.scalar(text("SELECT id FROM api_keys"))


async def test_a_refused_attempt_is_told_with_what_it_was_about(people: People, database: Database) -> None:
    ada, mia = await people.make("ada"), await people.make("mia")
    path = await make_project(ada)
    repo = await make_repo(ada, path)
    await ada.post(f"{path}/members", {"user_id": str(mia.id)})
    assert (await mia.delete(f"{path}/repos/linux")).status == 403
    row = await last(database, "repo:deleted")
    assert (row["outcome"], row["actor_user_id"], row["details"]["reason"]) == ("refused", mia.id, "forbidden")
    assert (row["resource_type"], row["resource_id"]) == ("repo", repo["id"])


async def test_a_refused_handing_over_is_told_and_changes_nothing(people: People, database: Database) -> None:
    ada, mia = await people.make("ada"), await people.make("mia")
    path = await make_project(ada)
    await ada.post(f"{path}/members", {"user_id": str(mia.id), "role": "maintainer"})
    assert (await mia.patch(path, {"owner_id": str(mia.id), "name": "Mine"})).status == 403
    row = await last(database, "project:changed")
    assert (row["outcome"], row["actor_user_id"]) == ("refused", mia.id)
    assert (await ada.get(path)).json["name"] == "Team"


async def test_a_key_without_the_scope_or_the_right_is_told(people: People, database: Database) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    repo = await make_repo(ada, path)
    for key in (
        await people.with_key(ada, [Scope.SYNC_COMMITS]),
        await people.with_key(ada, repo_ids=[UUID(repo["id"])]),
    ):
        before = await count(database, "audit_logs")
        assert (await key.get(f"{path}/members")).status == 403
        assert await count(database, "audit_logs") == before + 1
        assert (await last(database, "api_key:refused"))["outcome"] == "refused"


async def test_what_is_rolled_back_is_not_told(people: People, database: Database) -> None:
    ada = await people.make("ada")
    await make_project(ada, "one")
    await make_project(ada, "two")
    assert (await ada.patch("/projects/two", {"slug": "one"})).status == 409
    row = await last(database, "project:changed")
    assert (row["outcome"], row["details"]["reason"]) == ("refused", "conflict")
