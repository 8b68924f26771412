"""Events reach their receivers: signed, in order, at least once, whatever the receiver answers and however long."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from standardwebhooks import WebhookVerificationError

from tests.server.endpoints.conftest import Outside
from tests.support.database import execute, rows, scalar
from tests.support.receiver import Receiver
from tgl_protocol.events import EventType
from tgl_server.access.ids import ProjectId
from tgl_server.audit.service import Actor
from tgl_server.endpoints.background import sweep_endpoints
from tgl_server.endpoints.schedule import PAUSES
from tgl_server.endpoints.service import new_secret, rotate_endpoint, send_again, send_test
from tgl_server.features import FOLLOWERS
from tgl_server.projects.models import Project
from tgl_server.projects.service import create_project, create_repo


async def test_an_event_arrives_signed_and_names_its_repository(outside: Outside, receiver: Receiver) -> None:
    made = await outside.endpoint(receiver.url)
    await outside.happen()
    assert await outside.send() == 1
    (message,) = receiver.messages
    message.verify(made.secret)
    assert (
        await scalar(outside.database, "SELECT CAST(id AS text) FROM events WHERE type = 'repo.behind'") == message.id
    )
    data = message.json["data"]
    assert (message.type, data["project"], data["repo"]) == ("repo.behind", "demo", "first")
    assert (data["repo_id"], data["project_id"]) == (str(outside.world.repo_id), str(outside.world.project_id))
    (delivery,) = await outside.deliveries()
    assert (delivery.state, delivery.last_status, delivery.last_error, delivery.attempts) == ("delivered", 204, None, 1)
    with pytest.raises(WebhookVerificationError):
        message.verify(new_secret())


async def test_both_secrets_sign_until_the_overlap_ends(outside: Outside, receiver: Receiver) -> None:
    made = await outside.endpoint(receiver.url)
    async with outside.database.transaction() as tx:
        project_id, by = ProjectId(outside.world.project_id), Actor(outside.world.user_id)
        new = await rotate_endpoint(tx, outside.sealer, project_id, made.id, timedelta(hours=1), by)
    await outside.happen()
    await outside.send()
    for secret in (made.secret, new.secret):
        receiver.messages[0].verify(secret)
    await execute(outside.database, "UPDATE endpoints SET old_until = now() - interval '1 second'")
    await outside.happen()
    await outside.send()
    receiver.messages[1].verify(new.secret)
    with pytest.raises(WebhookVerificationError):
        receiver.messages[1].verify(made.secret)
    await sweep_endpoints(outside.database, timedelta(days=30))
    assert await scalar(outside.database, "SELECT old_sealed FROM endpoints") is None


async def test_only_wanted_types_of_the_own_project_are_sent(outside: Outside, receiver: Receiver) -> None:
    await outside.endpoint(receiver.url, [EventType.REPO_STALE])
    await outside.happen()
    await outside.happen(type_=EventType.REPO_STALE)
    async with outside.database.transaction() as tx:
        other = await create_project(tx, outside.world.user_id, "other", "Other")
        repo = await create_repo(tx, other, "third", outside.world.user_id, FOLLOWERS)
    await outside.happen(repo.id, EventType.REPO_STALE)
    await outside.send()
    assert [message.type for message in receiver.messages] == ["repo.stale"]


async def test_what_happened_before_an_endpoint_was_made_is_not_sent(outside: Outside, receiver: Receiver) -> None:
    await outside.happen()
    await outside.endpoint(receiver.url)
    await outside.relay()
    assert await outside.send() == 0


async def test_a_receiver_that_is_down_for_a_day_gets_each_event_once_and_in_order(
    outside: Outside, receiver: Receiver
) -> None:
    await outside.endpoint(receiver.url)
    other = await another_repo(outside)
    receiver.status = 500
    for _ in range(3):
        await outside.happen()
        await outside.happen(other)
        await outside.send()
    for _ in range(24):
        await outside.later(hours=1)
    assert set(await outside.states()) == {"pending"}
    # Nobody overtakes the first of its repository.
    assert len(set(receiver.ids)) == 2
    receiver.status, receiver.messages = 200, []
    for _ in range(15):
        await outside.later(hours=1)
    assert set(await outside.states()) == {"delivered"}
    assert len(receiver.ids) == len(set(receiver.ids)) == 6
    for repo_id in (outside.world.repo_id, other):
        arrived = [message.id for message in receiver.messages if message.json["data"]["repo_id"] == str(repo_id)]
        query = "SELECT CAST(id AS text) FROM events WHERE type = 'repo.behind' AND repo_id = :repo_id ORDER BY seq"
        assert arrived == [row.id for row in await rows(outside.database, query, repo_id=repo_id)]


async def test_attempts_follow_the_schedule_and_end(outside: Outside, receiver: Receiver) -> None:
    await outside.endpoint(receiver.url)
    receiver.status = 500
    await outside.happen()
    assert await outside.send() == 1
    for pause in PAUSES:
        assert await outside.later(seconds=pause.total_seconds() * 0.9) == 0
        assert await outside.later(seconds=pause.total_seconds() * 0.3 + 30) == 1
    (delivery,) = await outside.deliveries()
    assert (delivery.state, delivery.attempts, delivery.last_error) == ("failed", 8, "the receiver answered 500")
    assert await outside.later(days=2) == 0


async def test_what_waited_behind_others_for_days_has_one_attempt(outside: Outside, receiver: Receiver) -> None:
    await outside.endpoint(receiver.url)
    receiver.status = 500
    for _ in range(3):
        await outside.happen()
    for _ in range(60):
        await outside.later(hours=1)
    assert [(each.state, each.attempts) for each in await outside.deliveries()] == [
        ("failed", 8),
        ("failed", 1),
        ("failed", 1),
    ]


async def test_gone_switches_the_endpoint_off_with_all_that_waits(outside: Outside, receiver: Receiver) -> None:
    await outside.endpoint(receiver.url)
    receiver.status = 410
    for _ in range(2):
        await outside.happen()
    assert await outside.send() == 1
    assert await outside.states() == ["failed", "failed"]
    (endpoint,) = await rows(outside.database, "SELECT is_active, switched_off_reason FROM endpoints")
    assert (endpoint.is_active, "410" in endpoint.switched_off_reason) == (False, True)
    await outside.happen()
    assert len(await outside.deliveries()) == 2


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_receiver_is_left_alone_for_as_long_as_it_asks(
    outside: Outside, receiver: Receiver, status: int
) -> None:
    await outside.endpoint(receiver.url)
    receiver.status, receiver.headers = status, {"Retry-After": "3600"}
    await outside.happen()
    await outside.send()
    receiver.status = 200
    await outside.happen(await another_repo(outside))
    assert await outside.later(minutes=50) == 0
    assert await outside.later(minutes=15) == 2


async def test_two_processes_send_each_message_once(outside: Outside, receiver: Receiver) -> None:
    await outside.endpoint(receiver.url)
    repos = [await another_repo(outside, f"repo-{n}") for n in range(5)]
    for _ in range(4):
        for repo_id in repos:
            await outside.happen(repo_id)
    senders = [outside.make_sender() for _ in range(3)]

    async def work(n: int) -> None:
        while "pending" in await outside.states():
            await senders[n].send_due()

    await asyncio.gather(*(work(n) for n in range(3)))
    assert len(receiver.ids) == len(set(receiver.ids)) == 20


async def test_a_process_that_is_killed_in_an_attempt_loses_nothing(outside: Outside, receiver: Receiver) -> None:
    await outside.endpoint(receiver.url)
    await outside.happen()
    assert len(await outside.claim()) == 1  # and it is never heard of again
    assert await outside.later(seconds=30) == 0
    assert await outside.later(seconds=40) == 1
    assert await outside.states() == ["delivered"]


async def test_an_outcome_after_the_lease_has_ended_changes_nothing(outside: Outside, receiver: Receiver) -> None:
    await outside.endpoint(receiver.url)
    await outside.happen()
    (late,) = await outside.claim()
    await outside.later(seconds=70)
    receiver.status = 500
    await outside.sender.send(late)
    assert await outside.states() == ["delivered"]


async def test_a_slow_receiver_takes_a_few_turns_only(outside: Outside, receiver: Receiver) -> None:
    await outside.endpoint(receiver.url)
    for n in range(8):
        await outside.happen(await another_repo(outside, f"repo-{n}"))
    assert len(await outside.claim()) == 4
    assert await outside.claim() == []


async def test_a_message_is_sent_again_with_its_id_and_a_trial_has_its_own(
    outside: Outside, receiver: Receiver
) -> None:
    made = await outside.endpoint(receiver.url, [EventType.REPO_BEHIND])
    await outside.happen()
    await outside.send()
    project_id, by = ProjectId(outside.world.project_id), Actor(outside.world.user_id)
    (delivery,) = await outside.deliveries()
    async with outside.database.transaction() as tx:
        await send_again(tx, project_id, made.id, delivery.id, by)
        await send_test(tx, project_id, made.id, by)
    await outside.send()
    first, *rest = receiver.messages
    again, test = sorted(rest, key=lambda message: message.type)
    assert (again.id, again.body, test.type) == (first.id, first.body, "test")
    test.verify(made.secret)


async def test_a_key_that_pushes_here_is_told_of_and_another_is_not(outside: Outside, receiver: Receiver) -> None:
    await outside.endpoint(receiver.url, [EventType.KEY_REVOKED])
    key_id = await scalar(outside.database, "SELECT id FROM api_keys")
    for scopes in (["read:repos"], ["sync:commits"]):
        await execute(outside.database, "UPDATE api_keys SET scopes = CAST(:scopes AS text[])", scopes=scopes)
        await execute(
            outside.database,
            "INSERT INTO events (id, type, data) VALUES (gen_random_uuid(), 'key.revoked', "
            "jsonb_build_object('key_id', CAST(:key_id AS text)))",
            key_id=str(key_id),
        )
        await outside.relay()
    await outside.send()
    (message,) = receiver.messages
    assert message.json["data"]["key_id"] == str(key_id)


async def test_without_a_key_for_secrets_messages_wait_and_say_so(outside: Outside, receiver: Receiver) -> None:
    await outside.endpoint(receiver.url)
    await outside.happen()
    await execute(outside.database, "UPDATE endpoints SET sealed = 'f1:spoilt'")
    await outside.send()
    (delivery,) = await outside.deliveries()
    assert (delivery.state, "SECRETS_KEYS" in delivery.last_error) == ("pending", True)
    assert receiver.messages == []


async def another_repo(outside: Outside, name: str = "second") -> UUID:
    async with outside.database.transaction() as tx:
        project = await tx.get(Project, outside.world.project_id)
        assert project is not None
        return (await create_repo(tx, project, name, outside.world.user_id, FOLLOWERS)).id
