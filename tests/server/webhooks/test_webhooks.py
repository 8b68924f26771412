"""Maintainers make webhooks, change their secrets, see what arrived, and delete them."""

import asyncio
from datetime import timedelta
from typing import Any

from tests.support.api import Api
from tests.support.database import audited, count, execute, rows, scalar
from tests.support.people import Person, make_repo
from tests.support.servers import RunningServer
from tests.support.webhooks import Hook, make_hook
from tgl_protocol.webhooks import MAX_WEBHOOKS, WebhookKind
from tgl_server.db.engine import Database
from tgl_server.webhooks import queries
from tgl_server.webhooks.errors import InsecureWebhook
from tgl_server.webhooks.service import Site
from tgl_server.webhooks.sweep import sweep_webhooks

PATH = "/projects/team/repos/linux/webhooks"
MONTH = timedelta(days=30)


async def listed(owner: Person, path: str = PATH) -> list[dict[str, Any]]:
    answer = await owner.get(path)
    assert answer.status == 200, answer.body
    items: list[dict[str, Any]] = answer.json["items"]
    return items


async def test_a_webhook_is_made_with_its_address_and_a_secret_that_is_shown_once(
    maintainer: Person, hooked_server: RunningServer, database: Database
) -> None:
    answer = await maintainer.post(PATH, {"kind": "forgejo"})
    made = answer.json
    assert answer.status == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert made["url"] == f"{hooked_server.url}/api/v1/webhooks/{made['id']}"
    assert made["secret"].startswith("whsec_")
    (shown,) = await listed(maintainer)
    assert "secret" not in shown
    assert (shown["id"], shown["kind"], shown["last_status"]) == (made["id"], "forgejo", None)
    (entry,) = await audited(database, "webhook:created")
    assert entry.details == {"hook_id": made["id"], "kind": "forgejo"}
    assert entry.actor_user_id == maintainer.id


async def test_without_a_key_for_secrets_none_is_made_and_the_command_is_named(ada: Person) -> None:
    assert (await ada.post("/projects", {"slug": "team", "name": "Team"})).status == 201
    await make_repo(ada, "/projects/team")
    answer = await ada.post(PATH, {"kind": "github"})
    assert (answer.status, answer.json["code"]) == (409, "no_secrets_key")
    assert "tgl-server secrets new-key" in answer.json["detail"]


async def test_a_kind_that_sends_its_secret_needs_https_or_this_machine() -> None:
    sending = {WebhookKind.GITLAB_TOKEN, WebhookKind.AZURE_DEVOPS}
    refused = set()
    for kind in WebhookKind:
        for origin in ("https://league.example", "http://localhost:8000", "http://[::1]:8000"):
            Site(origin).refuse_insecure(kind)
        try:
            Site("http://league.example").refuse_insecure(kind)
        except InsecureWebhook:
            refused.add(kind)
    assert refused == sending


async def test_a_webhook_over_http_that_sends_its_secret_is_refused(maintainer: Person) -> None:
    headers = {"Host": "league.example"}
    answer = await maintainer.api.post(f"/api/v1{PATH}", {"kind": "azure_devops"}, headers=headers)
    assert (answer.status, answer.json["code"]) == (409, "insecure_webhook")


async def test_a_repository_has_ten_webhooks_at_the_most_also_if_they_are_made_at_once(
    maintainer: Person, database: Database
) -> None:
    answers = await asyncio.gather(*(maintainer.post(PATH, {"kind": "generic"}) for _ in range(MAX_WEBHOOKS + 3)))
    assert sorted(answer.status for answer in answers) == [201] * MAX_WEBHOOKS + [409] * 3
    assert {answer.json["code"] for answer in answers if answer.status == 409} == {"too_many_webhooks"}
    assert await count(database, "webhooks") == MAX_WEBHOOKS


async def test_an_unknown_kind_is_refused_with_those_that_there_are(maintainer: Person) -> None:
    answer = await maintainer.post(PATH, {"kind": "sourceforge"})
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "kind")


async def test_a_rotation_without_overlap_ends_the_old_secret_at_once_and_a_second_one_the_oldest(
    hook: Hook, database: Database
) -> None:
    second = await hook.rotate(overlap_minutes=60)
    third = await hook.rotate(overlap_minutes=60)
    assert [(await hook.push(secret=each)).status for each in (hook.secret, second, third)] == [401, 202, 202]
    (shown,) = await listed(hook.owner)
    assert shown["old_secret_until"] is not None
    fourth = await hook.rotate(overlap_minutes=0)
    assert [(await hook.push(secret=each)).status for each in (second, third, fourth)] == [401, 401, 202]
    (shown,) = await listed(hook.owner)
    assert (shown["old_secret_until"], shown["rotated_at"] is not None) == (None, True)
    entries = await audited(database, "webhook:rotated")
    assert [entry.details["old_secret_until"] is None for entry in entries] == [False, False, True]


async def test_what_arrived_is_listed_newest_first_in_pages(hook: Hook) -> None:
    statuses = [
        (await hook.push(secret=secret, id_=f"delivery {n}")).status for n, secret in enumerate([None, "no", None])
    ]
    assert statuses == [202, 401, 202]
    first = (await hook.owner.get(f"{hook.path}/{hook.id}/deliveries?limit=2")).json
    cursor = first["next_cursor"]
    rest = (await hook.owner.get(f"{hook.path}/{hook.id}/deliveries?limit=2&cursor={cursor}")).json
    shown = [(item["delivery_id"], item["event"], item["status"]) for item in first["items"] + rest["items"]]
    assert shown == [("delivery 2", "push", 202), ("delivery 1", None, 401), ("delivery 0", "push", 202)]
    assert rest["next_cursor"] is None
    assert (await listed(hook.owner))[0]["last_status"] == 202


async def test_what_a_sender_names_itself_is_shown_without_what_nobody_sees(hook: Hook) -> None:
    body, headers = hook.sender.send(hook.secret, id_="\u200f" * 300 + "x")
    names = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    assert (await hook.deliver(body, names)).status == 202
    (shown,) = await hook.deliveries()
    assert shown["delivery_id"].isprintable()
    assert len(shown["delivery_id"]) == 200


async def test_a_webhook_of_another_repository_is_not_found(hook: Hook) -> None:
    await make_repo(hook.owner, "/projects/team", "other")
    other = "/projects/team/repos/other/webhooks"
    assert await listed(hook.owner, other) == []
    answers = [
        await hook.owner.get(f"{other}/{hook.id}/deliveries"),
        await hook.owner.post(f"{other}/{hook.id}/rotate", {}),
        await hook.owner.delete(f"{other}/{hook.id}"),
    ]
    assert [answer.status for answer in answers] == [404] * 3
    assert (await hook.push()).status == 202


async def test_a_deleted_webhook_leaves_nothing_behind(hook: Hook, database: Database) -> None:
    await hook.push()
    answer = await hook.owner.delete(f"{hook.path}/{hook.id}")
    assert (answer.status, answer.json) == (200, {"id": hook.id})
    for table in ("webhooks", "webhook_seen", "webhook_deliveries"):
        assert await count(database, table) == 0
    assert len(await audited(database, "webhook:deleted")) == 1


async def test_a_deleted_repository_takes_its_webhooks_along_also_while_they_receive(
    hook: Hook, database: Database
) -> None:
    pushes = [asyncio.create_task(hook.push()) for _ in range(10)]
    answer = await hook.owner.delete("/projects/team/repos/linux")
    assert answer.status == 200, answer.body
    assert {(await push).status for push in pushes} <= {202, 404}
    for table in ("webhooks", "webhook_seen", "webhook_deliveries", "remote_tips"):
        assert await count(database, table) == 0


async def test_the_sweep_wipes_old_secrets_and_forgets_what_is_old(hook: Hook, database: Database) -> None:
    await hook.rotate(overlap_minutes=60)
    await hook.push(secret=hook.secret)
    assert await sweep_webhooks(database, MONTH) == 0
    assert await scalar(database, "SELECT old_sealed IS NOT NULL FROM webhooks")
    await execute(
        database,
        "UPDATE webhooks SET old_until = now()",
        "UPDATE webhook_seen SET seen_at = now() - interval '31 days'",
        "UPDATE webhook_deliveries SET received_at = now() - interval '31 days'",
    )
    assert await sweep_webhooks(database, MONTH) == 3
    (row,) = await rows(database, "SELECT old_sealed, old_until FROM webhooks")
    assert tuple(row) == (None, None)
    assert [await count(database, table) for table in ("webhook_seen", "webhook_deliveries")] == [0, 0]


async def test_one_process_sweeps_at_a_time(hook: Hook, database: Database) -> None:
    await hook.push()
    await execute(database, "UPDATE webhook_deliveries SET received_at = now() - interval '31 days'")
    async with database.transaction() as tx:
        await tx.execute(queries.TRY_TO_SWEEP, {"key": 7_461_726_029})
        assert await sweep_webhooks(database, MONTH) == 0
    assert await sweep_webhooks(database, MONTH) == 1


async def test_a_key_that_is_gone_is_the_servers_fault_and_says_so(
    hook: Hook, server: RunningServer, sender: Api, database: Database
) -> None:
    body, headers = hook.sender.send(hook.secret)
    async with Api(server.url) as elsewhere:
        answer = await elsewhere.post(f"/api/v1/webhooks/{hook.id}", data=body, headers=headers)
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert "SECRETS_KEYS" in answer.json["detail"]
    assert await make_hook(hook.owner, sender, "github") is not None
    assert await count(database, "webhook_deliveries") == 0
