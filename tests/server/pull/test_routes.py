"""Pulls over HTTP: a schedule, a pull now, cancelling, and what is refused."""

import pytest

from tests.support.database import audited, execute
from tests.support.people import People, Person, make_project, make_repo
from tgl_server.db.engine import Database

URL = "https://git.example.com/linux.git"
NEVER = {
    "cron": None,
    "timezone": "UTC",
    "next_due_at": None,
    "is_running": False,
    "running_run_id": None,
    "queued_run_id": None,
    "cancel_requested_at": None,
    "failures": 0,
    "paused_at": None,
    "paused_reason": None,
    "mirrored_at": None,
    "mirror_bytes": None,
    "paused_by": None,
}


@pytest.fixture
async def path(ada: Person) -> str:
    """The path of a repository that the server pulls."""
    project = await make_project(ada)
    await make_repo(ada, project, git_url=URL, sync_method="pull_celery")
    return f"{project}/repos/linux"


async def test_a_pull_is_asked_for_followed_and_cancelled(ada: Person, path: str, database: Database) -> None:
    assert (await ada.get(f"{path}/pull")).json == NEVER
    asked = await ada.post(f"{path}/pull", None)
    assert (asked.status, asked.json["state"], asked.json["source"], asked.json["phase"]) == (
        202,
        "queued",
        "pull",
        "queued",
    )
    assert (await ada.post(f"{path}/pull", None)).json == asked.json
    run_path = f"/sync{path}/runs/{asked.json['id']}"
    assert (await ada.get(run_path)).json == asked.json
    assert (await ada.get(f"{path}/pull")).json == {**NEVER, "queued_run_id": asked.json["id"]}
    assert (await ada.delete(f"{path}/pull")).json == NEVER
    assert (await ada.get(run_path)).json["state"] == "cancelled"
    for action in ("repo:pull_requested", "repo:pull_cancelled"):
        (entry,) = await audited(database, action)
        assert (entry.outcome, entry.actor_user_id) == ("success", ada.id)


async def test_while_a_pull_waits_the_status_is_one_that_every_client_knows(ada: Person, path: str) -> None:
    await ada.post(f"{path}/pull", None)
    assert (await ada.get(f"/sync{path}/status")).json["status"] == "pending"
    await ada.delete(f"{path}/pull")
    assert (await ada.get(path)).json["status"] == "pending"


async def test_a_key_that_pushes_asks_for_pulls_and_sets_no_schedule(ada: Person, path: str, people: People) -> None:
    key = await people.with_key(ada)
    assert (await key.post(f"{path}/pull", None)).status == 202
    assert (await key.delete(f"{path}/pull")).status == 200
    answer = await key.api.put(f"/api/v1{path}/pull", {"cron": "0 * * * *"})
    assert (answer.status, answer.json["code"]) == (403, "session_required")


async def test_a_schedule_is_set_and_removed(ada: Person, path: str) -> None:
    wanted = {"cron": "30 2 * * *", "timezone": "Europe/Paris"}
    answer = await ada.api.put(f"/api/v1{path}/pull", wanted)
    assert answer.status == 200
    assert answer.json == {**NEVER, **wanted, "next_due_at": answer.json["next_due_at"]}
    assert answer.json["next_due_at"].endswith((":30:00Z", ":30:00+00:00"))
    assert (await ada.get(f"{path}/pull")).json == answer.json
    assert (await ada.api.put(f"/api/v1{path}/pull", {"cron": None})).json == NEVER


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"cron": "* * * * * *"}, "cron"),
        ({"cron": "0 0 31 2 *"}, "cron"),
        ({"cron": "0 * * * *", "timezone": "Mars/Base"}, "timezone"),
        ({"cron": "0 * * * *", "timezone": "../../etc/passwd"}, "timezone"),
        ({}, "cron"),
    ],
)
async def test_what_is_no_schedule_is_refused_with_the_field(
    ada: Person, path: str, body: dict[str, str], field: str
) -> None:
    answer = await ada.api.put(f"/api/v1{path}/pull", body)
    assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, [field])


async def test_a_repository_that_clients_push_to_is_not_pulled(ada: Person, path: str, database: Database) -> None:
    await ada.patch(path, {"sync_method": "push_client"})
    answers = [
        await ada.post(f"{path}/pull", None),
        await ada.delete(f"{path}/pull"),
        await ada.api.put(f"/api/v1{path}/pull", {"cron": "0 * * * *"}),
    ]
    assert [(answer.status, answer.json["code"]) for answer in answers] == [(400, "wrong_sync_method")] * 3
    assert "pull_celery" in answers[0].json["detail"]
    assert (await ada.get(f"{path}/pull")).json == NEVER
    (entry,) = await audited(database, "repo:pull_requested")
    assert (entry.outcome, entry.details["reason"]) == ("refused", "wrong_sync_method")


async def test_a_repository_without_an_address_is_not_pulled(ada: Person, path: str) -> None:
    await ada.patch(path, {"git_url": None})
    answer = await ada.post(f"{path}/pull", None)
    assert (answer.status, answer.json["code"]) == (409, "no_remote")


async def test_a_pause_is_shown_with_its_reason_and_ends_with_another_address(
    ada: Person, path: str, database: Database
) -> None:
    await ada.api.put(f"/api/v1{path}/pull", {"cron": "0 * * * *"})
    await execute(database, "UPDATE repo_pulls SET paused_at = now(), paused_reason = 'no', paused_url = :url", url=URL)
    shown = (await ada.get(f"{path}/pull")).json
    assert (shown["paused_reason"], shown["paused_at"] is None) == ("no", False)
    await ada.patch(path, {"git_url": "https://git.example.com/other.git"})
    assert (await ada.get(f"{path}/pull")).json["paused_at"] is None
