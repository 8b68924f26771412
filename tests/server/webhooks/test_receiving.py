"""What every forge sends is believed if its sender knows the secret, and acted on once."""

import asyncio
import json
import time
from dataclasses import replace

import pytest

from tests.support.api import Api
from tests.support.database import audited, count, execute, rows
from tests.support.people import Person
from tests.support.webhooks import MAIN, SSH_URL, ZEROS, Hook, Pushed, make_hook
from tgl_server.db.engine import Database

#: Whose delivery is known by its body or its signed id, so that an id in a header can be anything.
UNSIGNED_IDS = ["github", "gitlab_token", "gitea", "forgejo", "bitbucket_cloud", "bitbucket_data_center"]
LET_PULL = "UPDATE repos SET sync_method = 'pull_celery'"


async def test_a_push_of_every_forge_says_that_the_remote_is_ahead_until_its_branch_is_gone(any_hook: Hook) -> None:
    told = await any_hook.push()
    assert (told.status, told.json["outcome"]) == (202, "remote_ahead")
    assert await any_hook.behind() == told.json["behind_since"]
    gone = await any_hook.push(Pushed(after=ZEROS))
    assert (gone.status, gone.json["outcome"], await any_hook.behind()) == (202, "nothing_new", None)
    new = await any_hook.push(Pushed(before=ZEROS))
    assert (new.status, new.json["outcome"]) == (202, "remote_ahead")
    assert [item["status"] for item in await any_hook.deliveries()] == [202, 202, 202]


async def test_a_push_of_every_forge_asks_for_one_pull(any_hook: Hook, database: Database) -> None:
    await execute(database, LET_PULL)
    first, second = await any_hook.push(), await any_hook.push()
    assert (first.status, first.json["outcome"]) == (202, "pull_requested")
    assert second.json["run_id"] == first.json["run_id"]
    (run,) = await rows(database, "SELECT id, state, user_id FROM sync_runs")
    assert (str(run.id), run.state, run.user_id) == (first.json["run_id"], "queued", None)
    (entry,) = await audited(database, "repo:pull_requested")
    assert entry.details == {"run_id": first.json["run_id"], "by": "webhook"}


async def test_a_delivery_that_comes_again_is_a_duplicate_and_no_error(any_hook: Hook, database: Database) -> None:
    body, headers = any_hook.sender.send(any_hook.secret)
    assert (await any_hook.deliver(body, headers)).status == 202
    await execute(database, "DELETE FROM remote_tips")
    again = await any_hook.deliver(body, headers)
    assert (again.status, again.json["duplicate"], await any_hook.behind()) == (200, True, None)


async def first_delivery(kind: str, maintainer: Person, sender: Api) -> tuple[Hook, bytes]:
    """A webhook to which a push with the id `one` came, and the push's body."""
    hook = await make_hook(maintainer, sender, kind)
    push = Pushed(url="git@bitbucket.org:team/linux.git" if kind == "bitbucket_cloud" else SSH_URL)
    if kind == "bitbucket_cloud":
        await maintainer.patch("/projects/team/repos/linux", {"git_url": push.url})
        push = replace(push, url="https://bitbucket.org/team/linux")
    body, headers = hook.sender.send(hook.secret, push, id_="one")
    assert (await hook.deliver(body, headers)).status == 202
    return hook, body


async def sent_as(hook: Hook, body: bytes, id_: str) -> tuple[int, bool]:
    """The status for a body that comes with an id, and whether it was a duplicate."""
    answer = await hook.deliver(body, hook.sender.signed(hook.secret, body, id_))
    return answer.status, answer.json["duplicate"]


@pytest.mark.parametrize("kind", UNSIGNED_IDS)
async def test_a_replay_with_a_new_id_is_known_by_its_body(
    kind: str, maintainer: Person, sender: Api, database: Database
) -> None:
    hook, body = await first_delivery(kind, maintainer, sender)
    assert await sent_as(hook, body, "two") == (200, True)
    await execute(database, "UPDATE webhook_seen SET seen_at = seen_at - interval '5 minutes'")
    assert await sent_as(hook, body, "three") == (200, True)


@pytest.mark.parametrize("kind", UNSIGNED_IDS)
async def test_a_body_that_comes_again_after_ten_minutes_is_another_push(
    kind: str, maintainer: Person, sender: Api, database: Database
) -> None:
    hook, body = await first_delivery(kind, maintainer, sender)
    await execute(database, "UPDATE webhook_seen SET seen_at = now() - interval '11 minutes'")
    assert await sent_as(hook, body, "one") == (200, True)
    assert await sent_as(hook, body, "two") == (202, False)
    assert await sent_as(hook, body, "three") == (200, True)


async def test_what_is_signed_with_its_time_is_known_for_as_long_as_its_id(
    maintainer: Person, sender: Api, database: Database
) -> None:
    hook = await make_hook(maintainer, sender, "generic")
    body, headers = hook.sender.send(hook.secret)
    assert (await hook.deliver(body, headers)).status == 202
    ids = "SELECT hash FROM webhook_seen ORDER BY hash LIMIT 1"
    for one_of_two in ("IN", "NOT IN"):
        await execute(database, "UPDATE webhook_seen SET seen_at = now()")
        await execute(
            database,
            f"UPDATE webhook_seen SET seen_at = now() - interval '29 days' WHERE hash {one_of_two} ({ids})",
        )
        assert (await hook.deliver(body, headers)).json["duplicate"] is True


@pytest.mark.parametrize("kind", ["gitlab", "generic"])
async def test_a_replay_with_a_new_id_or_time_is_not_signed(kind: str, maintainer: Person, sender: Api) -> None:
    hook = await make_hook(maintainer, sender, kind)
    body, headers = hook.sender.send(hook.secret)
    assert (await hook.deliver(body, headers)).status == 202
    for changed in ({"webhook-id": "another"}, {"webhook-timestamp": str(int(time.time()) + 1)}):
        assert (await hook.deliver(body, headers | changed)).json["code"] == "wrong_proof"


async def test_one_generic_body_twice_is_two_pushes_if_it_is_signed_twice(maintainer: Person, sender: Api) -> None:
    hook = await make_hook(maintainer, sender, "generic")
    push = Pushed()
    assert [(await hook.push(push)).status for _ in range(2)] == [202, 202]


@pytest.mark.parametrize(
    ("kind", "event", "body", "outcome"),
    [
        ("github", {"X-GitHub-Event": "ping"}, {"zen": "Keep it logically awesome.", "hook_id": 1}, "pong"),
        ("github", {"X-GitHub-Event": "issues"}, {"action": "opened"}, "other_event"),
        ("gitlab", {"X-Gitlab-Event": "Issue Hook"}, {"object_kind": "issue"}, "other_event"),
        ("gitlab_token", {"X-Gitlab-Event": "System Hook"}, {"event_name": "project_create"}, "other_event"),
        ("gitea", {"X-Gitea-Event": "release"}, {"action": "published"}, "other_event"),
        ("forgejo", {"X-Forgejo-Event": "issues"}, {"action": "opened"}, "other_event"),
        ("bitbucket_cloud", {"X-Event-Key": "issue:created"}, {"issue": {}}, "other_event"),
        ("bitbucket_data_center", {"X-Event-Key": "diagnostics:ping"}, {"test": True}, "pong"),
        ("azure_devops", {}, {"eventType": "git.pullrequest.created", "id": "1"}, "other_event"),
        ("generic", {}, {"type": "ping"}, "pong"),
        ("generic", {}, {"type": "run.finished"}, "other_event"),
        ("github", {}, [1, 2], "unreadable"),
        ("github", {}, {"ref": "refs/heads/main"}, "unreadable"),
    ],
)
async def test_what_is_no_push_is_answered_and_does_nothing(
    kind: str, event: dict[str, str], body: object, outcome: str, maintainer: Person, sender: Api
) -> None:
    hook = await make_hook(maintainer, sender, kind)
    text = json.dumps(body).encode()
    answer = await hook.deliver(text, hook.sender.signed(hook.secret, text) | event)
    assert (answer.status, answer.json["outcome"]) == (200, outcome)
    assert await hook.behind() is None
    (shown,) = await hook.deliveries()
    assert (shown["outcome"], shown["status"]) == (outcome, 200)


async def test_a_signed_body_that_is_no_json_is_unreadable(hook: Hook) -> None:
    for text in (b"", b"{", b'"\xff"', b"[" * 100_000):
        answer = await hook.deliver(text, hook.sender.signed(hook.secret, text))
        assert (answer.status, answer.json["outcome"]) == (200, "unreadable")


async def test_a_system_hook_of_gitlab_and_a_tag_are_pushes(
    maintainer: Person, sender: Api, database: Database
) -> None:
    await execute(database, LET_PULL)
    hook = await make_hook(maintainer, sender, "gitlab_token")
    for kind, ref in (("push", MAIN), ("tag_push", "refs/tags/v1")):
        text = json.dumps({**hook.sender.body(Pushed(ref=ref)), "object_kind": kind}).encode()
        headers = hook.sender.signed(hook.secret, text) | {"X-Gitlab-Event": "System Hook"}
        assert (await hook.deliver(text, headers)).json["outcome"] == "pull_requested"


@pytest.mark.parametrize(("kind", "header"), [("gitea", "X-Gitea-Event"), ("forgejo", "X-Forgejo-Event")])
async def test_a_deleted_branch_of_gitea_has_an_event_of_its_own(
    kind: str, header: str, maintainer: Person, sender: Api
) -> None:
    hook = await make_hook(maintainer, sender, kind)
    await hook.push(Pushed(ref="refs/heads/topic"))
    repository = hook.sender.body(Pushed())["repository"]
    text = json.dumps({"ref": "topic", "ref_type": "branch", "repository": repository}).encode()
    answer = await hook.deliver(text, hook.sender.signed(hook.secret, text) | {header: "delete"})
    assert (answer.status, await hook.behind()) == (202, None)


async def test_a_mirror_of_bitbucket_and_its_unsigned_ping_are_understood(
    maintainer: Person, sender: Api, database: Database
) -> None:
    hook = await make_hook(maintainer, sender, "bitbucket_data_center")
    body, headers = hook.sender.send(hook.secret)
    mirrored = await hook.deliver(body, headers | {"X-Event-Key": "mirror:repo_synchronized"})
    assert mirrored.status == 202
    ping = {"Content-Type": "application/json", "X-Event-Key": "diagnostics:ping"}
    assert (await hook.deliver(b'{"test": true}', ping)).json["outcome"] == "pong"
    assert await count(database, "webhook_deliveries") == 1


async def test_a_push_to_another_repository_is_a_warning_that_may_be_sent_again(any_hook: Hook) -> None:
    body, headers = any_hook.sender.send(any_hook.secret, Pushed(url="https://git.example.com/team/other.git"))
    if any_hook.sender.kind != "bitbucket_cloud":  # the others name the ssh address, too
        body = body.replace(SSH_URL.encode(), b"git@git.example.com:team/other.git")
        headers = any_hook.sender.signed(any_hook.secret, body)
    for _ in range(2):
        answer = await any_hook.deliver(body, headers)
        assert (answer.status, answer.json["outcome"]) == (200, "other_repository")
    assert await any_hook.behind() is None


async def test_a_repository_without_an_address_takes_every_push_unless_it_is_pulled(
    hook: Hook, database: Database
) -> None:
    await execute(database, "UPDATE repos SET git_url = NULL")
    assert (await hook.push()).json["outcome"] == "remote_ahead"
    await execute(database, LET_PULL)
    assert (await hook.push()).json["outcome"] == "no_remote"


async def test_a_paused_pull_stays_paused_and_what_arrived_meanwhile_may_be_sent_again(
    hook: Hook, database: Database
) -> None:
    await execute(database, LET_PULL)
    await hook.push()
    url = "(SELECT git_url FROM repos)"
    await execute(database, f"UPDATE repo_pulls SET paused_at = now(), paused_url = {url}, requested_run_id = NULL")
    body, headers = hook.sender.send(hook.secret)
    answer = await hook.deliver(body, headers)
    assert (answer.status, answer.json["outcome"], answer.json["run_id"]) == (200, "paused", None)
    await execute(database, "UPDATE repo_pulls SET paused_at = NULL, paused_url = NULL")
    assert (await hook.deliver(body, headers)).json["outcome"] == "pull_requested"


async def test_two_deliveries_at_once_are_one(hook: Hook, database: Database) -> None:
    body, headers = hook.sender.send(hook.secret)
    answers = await asyncio.gather(*(hook.deliver(body, headers) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] * 7 + [202]
    assert await count(database, "webhook_seen") == 2
