"""Maintainers make endpoints, change them, look at what was sent, and send again; a real server sends."""

import asyncio
import os
import signal
from contextlib import ExitStack
from typing import Any

from tests.server.endpoints.conftest import Outside, serve
from tests.support.database import audited, count, execute, scalar
from tests.support.metrics import scrape, value
from tests.support.people import Person
from tests.support.processes import is_pid_alive
from tests.support.receiver import Receiver
from tests.support.servers import RunningServer
from tests.support.waiting import until
from tgl_protocol.endpoints import MAX_ENDPOINTS

PATH = "/projects/team/endpoints"
# Whatever waits is due, also what a killed process has leased.
SOON = "UPDATE endpoint_deliveries SET next_attempt_at = now(), lease_until = NULL WHERE state = 'pending'"


async def make(maintainer: Person, receiver: Receiver, **fields: Any) -> dict[str, Any]:
    answer = await maintainer.post(PATH, {"url": receiver.url, **fields})
    assert answer.status == 201, answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    made: dict[str, Any] = answer.json
    return made


async def shown(maintainer: Person, made: dict[str, Any]) -> dict[str, Any]:
    answer = await maintainer.get(f"{PATH}/{made['id']}")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


async def sent(maintainer: Person, made: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    answer = await maintainer.get(f"{PATH}/{made['id']}/deliveries{query}")
    assert answer.status == 200, answer.body
    items: list[dict[str, Any]] = answer.json["items"]
    return items


async def test_what_a_maintainer_does_with_an_endpoint(
    maintainer: Person, receiver: Receiver, outside: Outside, sending_server: RunningServer
) -> None:
    made = await make(maintainer, receiver, types=["repo.migrated", "repo.migrated"])
    listed = (await maintainer.get(PATH)).json["items"]
    assert [item["id"] for item in listed] == [made["id"]]
    assert "secret" not in listed[0]
    assert listed[0]["types"] == ["repo.migrated"]
    # An event of the server's own arrives, signed.
    await maintainer.patch("/projects/team/repos/linux", {"sync_method": "pull_celery"})
    await until(lambda: receiver.messages)
    receiver.messages[0].verify(made["secret"])
    assert receiver.messages[0].json["data"]["to_method"] == "pull_celery"
    # A refusal is shown with the answer, and sent again by hand.
    receiver.status, receiver.text = 400, "I do not want this"
    trial = await maintainer.post(f"{PATH}/{made['id']}/test", None)
    assert trial.status == 202
    await until(lambda: len(receiver.messages) >= 2)

    async def is_noted() -> bool:
        return bool((await shown(maintainer, made))["last_status"] == 400)

    await until(is_noted)
    first = (await sent(maintainer, made))[0]
    assert (first["id"], first["type"], first["state"]) == (trial.json["delivery_id"], "test", "pending")
    assert (first["last_error"], first["last_answer"]) == ("the receiver answered 400", "I do not want this")
    receiver.status = 200
    again = await maintainer.post(f"{PATH}/{made['id']}/deliveries/{first['id']}/redeliver", None)
    assert again.status == 202
    await execute(outside.database, SOON)

    async def all_taken() -> bool:
        return {item["state"] for item in await sent(maintainer, made)} == {"delivered"}

    await until(all_taken)
    assert receiver.ids.count(first["message_id"]) >= 2
    # Rotating, switching off, pages, the metrics.
    rotated = (await maintainer.post(f"{PATH}/{made['id']}/rotate", {"overlap_minutes": 60})).json
    assert rotated["secret"] != made["secret"]
    assert rotated["old_secret_until"] is not None
    off = await maintainer.patch(f"{PATH}/{made['id']}", {"is_active": False, "types": None})
    assert (off.status, off.json["is_active"], off.json["types"]) == (200, False, None)
    refused = await maintainer.post(f"{PATH}/{made['id']}/test", None)
    assert (refused.status, refused.json["code"]) == (409, "endpoint_off")
    page = (await maintainer.get(f"{PATH}/{made['id']}/deliveries?limit=2")).json
    rest = await sent(maintainer, made, f"?limit=2&cursor={page['next_cursor']}")
    assert [item["type"] for item in page["items"] + rest] == ["test", "test", "repo.migrated"]
    samples = await scrape(maintainer.api)
    assert value(samples, "tgl_endpoint_messages", state="pending") == 0
    assert value(samples, "tgl_endpoint_attempts_total", outcome="failed") >= 1
    # Gone, with everything.
    assert (await maintainer.delete(f"{PATH}/{made['id']}")).status == 200
    assert await count(outside.database, "endpoint_deliveries") == 0
    actions = ["created", "changed", "rotated", "tested", "redelivered", "deleted"]
    assert [len(await audited(outside.database, f"endpoint:{action}")) for action in actions] == [1, 1, 1, 2, 1, 1]
    dump = await scalar(outside.database, "SELECT string_agg(CAST(a AS text), '') FROM audit_logs a")
    for secret in (made["secret"], rotated["secret"]):
        assert secret not in sending_server.log() + dump


async def test_what_is_no_receiver_is_refused_and_ten_are_the_most(maintainer: Person, receiver: Receiver) -> None:
    for url in ("ftp://receiver.example/", "https://", "/hook", "https://user:secret@receiver.example/", "nonsense"):
        answer = await maintainer.post(PATH, {"url": url})
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "url"), url
    assert (await maintainer.post(PATH, {"url": receiver.url, "types": ["no.type"]})).status == 422
    answers = await asyncio.gather(*(maintainer.post(PATH, {"url": receiver.url}) for _ in range(MAX_ENDPOINTS + 2)))
    assert sorted(answer.status for answer in answers) == [201] * MAX_ENDPOINTS + [409] * 2
    assert {answer.json["code"] for answer in answers if answer.status == 409} == {"too_many_endpoints"}


async def test_a_killed_server_and_two_new_ones_deliver_everything_once(
    maintainer: Person,
    receiver: Receiver,
    outside: Outside,
    sending_server: RunningServer,
    endpoints_url: str,
    stack: ExitStack,
) -> None:
    made = await make(maintainer, receiver, types=["repo.behind"])
    receiver.status = 500
    repo_id = await scalar(outside.database, "SELECT id FROM repos WHERE name = 'linux'")
    for _ in range(5):
        await outside.happen(repo_id)
    await until(lambda: receiver.messages)
    os.kill(sending_server.pid, signal.SIGKILL)
    await until(lambda: not is_pid_alive(sending_server.pid))
    receiver.status, receiver.messages = 200, []
    await execute(outside.database, SOON)
    for _ in range(2):
        await asyncio.to_thread(serve, outside, endpoints_url, stack)

    async def all_delivered() -> bool:
        return set(await outside.states()) == {"delivered"}

    await until(all_delivered)
    query = "SELECT string_agg(CAST(id AS text), ' ' ORDER BY seq) FROM events WHERE type = 'repo.behind'"
    assert receiver.ids == (await scalar(outside.database, query)).split()
    for message in receiver.messages:
        message.verify(made["secret"])
